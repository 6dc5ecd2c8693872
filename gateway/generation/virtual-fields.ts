import {
  type ArgumentNode,
  type DirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  Kind,
  type OperationTypeNode,
  print,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { FieldSets, selectionsOf } from './field-sets.ts';
import {
  type Composite,
  isComposite,
  namedType,
  rootTypes,
  subgraphNames,
  textOf,
} from './supergraph-document.ts';

/**
 * A field of a `@requires` that takes arguments, such as `price(currency: "EUR")` or a `price` for which a client may choose
 * the currency, as the planner should see it: another field, without arguments.
 *
 * @apollo/query-planner 2.14.4 merges selections by response name, so the `price(currency: "USD")` of a client and the
 * `price(currency: "EUR")` of a `@requires` become one; and the inputs in its plan carry no arguments.
 */
export interface VirtualField {
  readonly name: string;
  /** The field that it stands for. */
  readonly field: string;
  readonly arguments: readonly ArgumentNode[];
}

/** What a field's `@requires` takes: for each path in the representation, the field that gives the value. */
export type Inputs = ReadonlyMap<string, string>;

export interface VirtualFields {
  /** The supergraph with the virtual fields in it. */
  readonly supergraph: DocumentNode;
  readonly byName: ReadonlyMap<string, VirtualField>;
  /** Inputs of a subgraph's field; undefined where it has no `@requires`. */
  inputsOf(subgraph: string, type: string, field: string): Inputs | undefined;
  /** True when any field has a `@requires`. */
  readonly hasInputs: boolean;
  /** Fields that are in some key of the subgraph, such as `Post.id`. */
  keysOf(subgraph: string): ReadonlySet<string>;
  /** The same for `@provides`. */
  providedBy(subgraph: string): ReadonlySet<string>;
  /** The name of a field's type, without lists; undefined where it is not known. */
  typeOf(type: string, field: string): string | undefined;
  rootType(operation: OperationTypeNode): string | undefined;
}

/** Gives each argument-taking field in a `@requires` a virtual field. Clients are validated against the original. */
export function withVirtualFields(supergraph: DocumentNode): VirtualFields {
  const types = new Map(supergraph.definitions.filter(isComposite).map((type) => [type.name.value, type]));
  const collected = new Collector(types);
  const subgraphs = subgraphNames(supergraph);
  const definitions = supergraph.definitions.map((definition) => {
    if (!isComposite(definition)) return definition;
    const fields = (definition.fields ?? []).map((field) => {
      const directives = (field.directives ?? []).map((directive) =>
        mendRequires(directive, definition.name.value, field.name.value, subgraphs, collected),
      );
      return { ...field, directives };
    });
    return { ...definition, fields };
  });
  const sets = new FieldSets(types);
  const all = [...types.values()];
  const ofTypes = all.flatMap(({ name, directives = [] }) =>
    directives.map((each) => [name.value, each] as const),
  );
  const keys = namedBySubgraph(ofTypes, { directive: 'join__type', argument: 'key' }, subgraphs, sets);
  const ofFields = all
    .flatMap(({ fields = [] }) => fields)
    .flatMap(({ type, directives = [] }) => directives.map((each) => [namedType(type), each] as const));
  const provided = namedBySubgraph(
    ofFields,
    { directive: 'join__field', argument: 'provides' },
    subgraphs,
    sets,
  );
  const roots = rootTypes(supergraph);
  const mended = definitions.map((definition) =>
    isComposite(definition)
      ? { ...definition, fields: [...(definition.fields ?? []), ...collected.additionsTo(definition)] }
      : definition,
  );
  return {
    supergraph: { ...supergraph, definitions: mended },
    byName: collected.byName,
    inputsOf: (subgraph, type, field) => collected.inputs.get(`${subgraph} ${type}.${field}`),
    hasInputs: collected.inputs.size > 0,
    keysOf: (subgraph) => keys.get(subgraph) ?? new Set(),
    providedBy: (subgraph) => provided.get(subgraph) ?? new Set(),
    typeOf: (type, field) => {
      const definition = types.get(type)?.fields?.find(({ name }) => name.value === field);
      return definition === undefined ? undefined : namedType(definition.type);
    },
    rootType: (operation) => roots.get(operation),
  };
}

/** Names of fields that an argument of a directive selects, by the subgraph that the directive is for. */
function namedBySubgraph(
  given: Iterable<readonly [type: string, directive: DirectiveNode]>,
  { directive: wanted, argument }: { readonly directive: string; readonly argument: string },
  subgraphs: ReadonlyMap<string, string>,
  sets: FieldSets,
): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const [type, directive] of given) {
    const text = directive.name.value === wanted ? textOf(directive, argument) : undefined;
    if (text === undefined) continue;
    const graph = textOf(directive, 'graph') ?? '';
    const subgraph = subgraphs.get(graph) ?? graph;
    const names = found.get(subgraph) ?? new Set();
    found.set(subgraph, names);
    for (const name of sets.fieldsIn(text, type)) names.add(name);
  }
  return found;
}

function mendRequires<Node extends DirectiveNode>(
  directive: Node,
  type: string,
  field: string,
  subgraphs: ReadonlyMap<string, string>,
  collected: Collector,
): Node {
  const requires = directive.name.value === 'join__field' ? textOf(directive, 'requires') : undefined;
  if (requires === undefined) return directive;
  const graph = textOf(directive, 'graph') ?? '';
  const inputs = new Map<string, string>();
  collected.inputs.set(`${subgraphs.get(graph) ?? graph} ${type}.${field}`, inputs);
  const mended = collected.mend(selectionsOf(requires), type, '', inputs);
  const value = mended.map(print).join(' ');
  return {
    ...directive,
    arguments: (directive.arguments ?? []).map((argument) =>
      argument.name.value === 'requires' ? { ...argument, value: { kind: Kind.STRING, value } } : argument,
    ),
  };
}

/** Meets the argument-taking fields, names them, and remembers where they must be added. */
class Collector {
  readonly byName = new Map<string, VirtualField>();
  readonly inputs = new Map<string, Inputs>();
  readonly #types: ReadonlyMap<string, Composite>;
  readonly #names = new Map<string, string>();
  readonly #wanted = new Map<string, Set<string>>();

  constructor(types: ReadonlyMap<string, Composite>) {
    this.#types = types;
  }

  /** The selections with virtual fields in place of those with arguments; notes what gives the value at each path. */
  mend(
    selections: readonly SelectionNode[],
    type: string,
    path: string,
    inputs: Map<string, string>,
  ): readonly SelectionNode[] {
    return selections.map((selection) => {
      if (selection.kind === Kind.FRAGMENT_SPREAD) return selection;
      if (selection.kind === Kind.INLINE_FRAGMENT) {
        const condition = selection.typeCondition?.name.value ?? type;
        const inner = this.mend(selection.selectionSet.selections, condition, path, inputs);
        return { ...selection, selectionSet: setOf(inner) };
      }
      const field = selection.name.value;
      const at = path === '' ? field : `${path}.${field}`;
      const fixed = selection.arguments ?? [];
      const definition = this.#types.get(type)?.fields?.find((known) => known.name.value === field);
      // Where arguments may be given, the client may give others.
      const name = definition?.arguments?.length ? this.#virtual(type, field, fixed) : field;
      inputs.set(at, name);
      const inner =
        selection.selectionSet === undefined || definition === undefined
          ? selection.selectionSet
          : setOf(this.mend(selection.selectionSet.selections, namedType(definition.type), at, inputs));
      return {
        kind: Kind.FIELD,
        name: { kind: Kind.NAME, value: name },
        ...(inner === undefined ? {} : { selectionSet: inner }),
      };
    });
  }

  #virtual(type: string, field: string, given: readonly ArgumentNode[]): string {
    const key = `${field}(${given.map(print).join(',')})`;
    const name = this.#names.get(key) ?? `${field}__requires_${this.#names.size}`;
    this.#names.set(key, name);
    this.byName.set(name, { name, field, arguments: given });
    const wanted = this.#wanted.get(type) ?? new Set();
    this.#wanted.set(type, wanted.add(name));
    return name;
  }

  /** The virtual fields of a type, its interfaces' included: copies of the real ones, without their arguments. */
  additionsTo(type: Composite): FieldDefinitionNode[] {
    const owners = [type.name.value, ...(type.interfaces ?? []).map((known) => known.name.value)];
    const names = new Set(owners.flatMap((owner) => [...(this.#wanted.get(owner) ?? [])]));
    return [...names].flatMap((name) => {
      const real = type.fields?.find((field) => field.name.value === this.byName.get(name)?.field);
      return real === undefined ? [] : [{ ...real, name: { kind: Kind.NAME, value: name }, arguments: [] }];
    });
  }
}

const setOf = (selections: readonly SelectionNode[]): SelectionSetNode => ({
  kind: Kind.SELECTION_SET,
  selections,
});
