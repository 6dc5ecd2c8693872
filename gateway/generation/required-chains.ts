import { type DocumentNode, Kind } from 'graphql';
import { FieldSets, fieldName } from './field-sets.ts';
import { type Composite, isComposite, textOf } from './supergraph-document.ts';

/**
 * Fields such as `Post.rank`, by the value of the enum of subgraphs, and by how many fetches must be made one after the other
 * until they are known: 1 for those whose inputs have no `@requires` themselves.
 */
export type Chains = ReadonlyMap<string, ReadonlyMap<number, ReadonlySet<string>>>;

/** Fields with a `@requires` that takes fields with a `@requires`, and these. Most supergraphs have none. */
export function requiredChains(supergraph: DocumentNode): Chains {
  const types = new Map(supergraph.definitions.filter(isComposite).map((type) => [type.name.value, type]));
  const fields = requiringFields(types);
  const chains = new Map<string, Map<number, Set<string>>>();
  const known = new Map<Requiring, number>();
  for (const head of fields.filter((field) => field.inputs.length > 0)) {
    for (const field of withInputs(head)) {
      if (!field.isFree) continue;
      const levels = chains.get(field.graph) ?? new Map<number, Set<string>>();
      chains.set(field.graph, levels);
      const level = levelOf(field, known);
      levels.set(level, (levels.get(level) ?? new Set()).add(field.name));
    }
  }
  return chains;
}

/** A field with `@requires`, in one subgraph. */
interface Requiring {
  readonly graph: string;
  readonly name: string;
  /** False where more than the `@requires` says who is asked for it, and how. */
  readonly isFree: boolean;
  /** What it takes that has a `@requires` as well. */
  readonly inputs: Requiring[];
}

function requiringFields(types: ReadonlyMap<string, Composite>): readonly Requiring[] {
  const found = new Map<Requiring, readonly string[]>();
  const sets = new FieldSets(types);
  for (const type of types.values()) {
    if (type.kind !== Kind.OBJECT_TYPE_DEFINITION) continue;
    for (const field of type.fields ?? []) {
      for (const directive of field.directives ?? []) {
        const requires = directive.name.value === 'join__field' ? textOf(directive, 'requires') : undefined;
        const graph = textOf(directive, 'graph');
        if (requires === undefined || graph === undefined) continue;
        const name = fieldName(type.name.value, field.name.value);
        const isFree = directive.arguments?.some((given) => steering.has(given.name.value)) !== true;
        found.set({ graph, name, isFree, inputs: [] }, sets.fieldsIn(requires, type.name.value));
      }
    }
  }
  const all = [...found.keys()];
  for (const [field, taken] of found) field.inputs.push(...all.filter(({ name }) => taken.includes(name)));
  return all;
}

const steering = new Set(['usedOverridden', 'contextArguments']);

/** The field, and all with `@requires` that must be known before it. */
function withInputs(field: Requiring, found = new Set<Requiring>()): ReadonlySet<Requiring> {
  if (found.has(field)) return found;
  found.add(field);
  for (const input of field.inputs) withInputs(input, found);
  return found;
}

/** Of fields that take each other, which nobody can answer, any. */
function levelOf(field: Requiring, known: Map<Requiring, number>): number {
  const found = known.get(field);
  if (found !== undefined) return found;
  known.set(field, 0);
  const level = 1 + Math.max(0, ...field.inputs.map((input) => levelOf(input, known)));
  known.set(field, level);
  return level;
}
