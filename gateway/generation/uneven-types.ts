import {
  baseType,
  type CompositeType,
  isAbstractType,
  isCompositeType,
  isUnionType,
  type ObjectType,
  possibleRuntimeTypes,
  type Subgraph,
  type Supergraph,
} from '@apollo/federation-internals';
import type { FetchNode, QueryPlan } from '@apollo/query-planner';
import {
  type DocumentNode,
  type FieldNode,
  Kind,
  type OperationDefinitionNode,
  parse,
  print,
  type SelectionNode,
  type SelectionSetNode,
  stripIgnoredCharacters,
  visit,
} from 'graphql';
import type { TypeRelations } from '../execution/types.ts';
import { ClientSelections, type Selected } from './client-selections.ts';
import { type FetchAt, fetchesOf, withFetches } from './plan-fetches.ts';
import { typenameField } from './typename-field.ts';
import type { VirtualFields } from './virtual-fields.ts';

/**
 * Puts back what the planner leaves out for types that only some subgraphs have in a union, or behind an interface.
 *
 * Where several subgraphs have a field, and one of them cannot return a type there, @apollo/query-planner 2.14.4 drops
 * what is selected for that type, as if none could: federation wants such a field to be of the same types everywhere.
 * Objects of the type came with null for their fields. The subgraph that is asked for the field is now asked for them as
 * well, as far as it has them itself; the others are not, since their objects need not be the same ones.
 */
export class UnevenTypes {
  /** Abstract types that hold other types in other subgraphs. */
  readonly #names: ReadonlySet<string>;
  readonly #subgraphs: ReadonlyMap<string, Subgraph>;
  readonly #types: TypeRelations;
  readonly #virtual: VirtualFields;

  constructor(supergraph: Supergraph, types: TypeRelations, virtual: VirtualFields) {
    const subgraphs = supergraph.subgraphs().values();
    this.#subgraphs = new Map(subgraphs.map((subgraph) => [subgraph.name, subgraph]));
    this.#names = unevenNames(subgraphs);
    this.#types = types;
    this.#virtual = virtual;
  }

  get exist(): boolean {
    return this.#names.size > 0;
  }

  /** The plan of an operation without conditions, in which fetches have no named fragments. */
  restore(plan: QueryPlan, document: DocumentNode): QueryPlan {
    if (plan.node === undefined || !this.exist) return plan;
    const client = new ClientSelections(document, this.#types);
    const fetches = fetchesOf(plan.node);
    const given: Given = new Map();
    for (const each of fetches) this.#walk(each, { client, given, restores: false });
    const mended = fetches.map((each): [FetchNode, FetchNode] => {
      const operation = operationOf(each.fetch);
      const selectionSet = this.#walk(each, { client, given, restores: true });
      const isSame = print(selectionSet) === print(operation.selectionSet);
      return [
        each.fetch,
        isSame ? each.fetch : withOperation(each.fetch, { ...operation, selectionSet }, client),
      ];
    });
    return withFetches(plan, new Map(mended));
  }

  #walk({ fetch, path }: FetchAt, walk: Walk): SelectionSetNode {
    const { operation, selectionSet } = operationOf(fetch);
    const subgraph = this.#subgraphs.get(fetch.serviceName);
    const root = subgraph?.schema.schemaDefinition.rootType(operation);
    if (subgraph === undefined || root === undefined) return selectionSet;
    const place = { subgraph, type: root, path, selected: walk.client.at(path) };
    if (fetch.requires === undefined) return this.#set(selectionSet, place, walk);
    // `_entities` is no step of the path, and holds fragments only.
    return mapFields(selectionSet, (entities) =>
      entities.selectionSet === undefined
        ? entities
        : { ...entities, selectionSet: this.#set(entities.selectionSet, place, walk) },
    );
  }

  #set(set: SelectionSetNode, place: Place, walk: Walk): SelectionSetNode {
    const selections = set.selections.map((selection): SelectionNode => {
      if (selection.kind === Kind.FIELD) return this.#field(selection, place, walk);
      if (selection.kind === Kind.FRAGMENT_SPREAD) return selection;
      const condition = selection.typeCondition?.name.value ?? place.type.name;
      const type = place.subgraph.schema.type(condition);
      if (type === undefined || !isCompositeType(type)) return selection;
      return { ...selection, selectionSet: this.#set(selection.selectionSet, { ...place, type }, walk) };
    });
    return setOf(selections);
  }

  #field(node: FieldNode, { subgraph, type, path, selected }: Place, walk: Walk): FieldNode {
    const key = keyOf(node);
    const field = fieldOf(type, node);
    if (!walk.restores) give(walk.given, path, { key, on: type.name, of: String(field?.type) });
    const inner = field === undefined ? undefined : compositeOf(field);
    if (inner === undefined || node.selectionSet === undefined) return node;
    const below = {
      subgraph,
      type: inner,
      path: [...path, key],
      selected: walk.client.below(selected, isAbstractType(type) ? null : type.name, key),
    };
    const { selections } = this.#set(node.selectionSet, below, walk);
    const dropped = walk.restores && this.#names.has(inner.name) ? this.#dropped(below, walk) : [];
    return { ...node, selectionSet: setOf([...selections, ...dropped]) };
  }

  /** For each type that the subgraph may return here: what the client selects of it and no fetch gives. */
  #dropped(place: Place, { client, given }: Walk): SelectionNode[] {
    const { subgraph, type, path, selected } = place;
    return possibleRuntimeTypes(type).flatMap((member) => {
      const local: FieldNode[] = [];
      for (const [key, nodes] of client.fields(selected, member.name)) {
        const known = given.get(path.join('.'))?.filter((each) => each.key === key) ?? [];
        if (known.some(({ on }) => this.#types.isOfType(member.name, on))) continue;
        const [field] = this.#localFields(nodes, member, subgraph, client) ?? [];
        const of = String(field === undefined ? undefined : fieldOf(member, field)?.type);
        // Under one key, all types must have fields of the same type.
        if (field === undefined || known.some((each) => each.of !== of)) continue;
        local.push(field);
        give(given, path, { key, on: member.name, of });
      }
      return local.length === 0 ? [] : [onType(member, local)];
    });
  }

  /** One field of the client's, as the subgraph can answer it alone; null where it cannot. */
  #localFields(
    nodes: readonly FieldNode[],
    type: ObjectType,
    subgraph: Subgraph,
    client: ClientSelections,
  ): readonly FieldNode[] | null {
    const [node] = nodes;
    if (node === undefined || node.name.value === '__typename') return [];
    const field = fieldOf(type, node);
    if (field === undefined || subgraph.metadata().isFieldExternal(field)) return null;
    if (this.#virtual.inputsOf(subgraph.name, type.name, node.name.value) !== undefined) return null;
    const inner = compositeOf(field);
    if (inner === undefined) return [node];
    const sets = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
    const selections = this.#localSelections(sets, inner, subgraph, client);
    return selections === null ? null : [{ ...node, selectionSet: setOf(selections) }];
  }

  #localSelections(
    sets: Selected,
    type: CompositeType,
    subgraph: Subgraph,
    client: ClientSelections,
  ): readonly SelectionNode[] | null {
    const selections: SelectionNode[] = [typenameField];
    if (isAbstractType(type)) {
      for (const member of possibleRuntimeTypes(type)) {
        const inner = this.#localSelections(sets, member, subgraph, client);
        if (inner === null) return null;
        selections.push(onType(member, inner));
      }
      return selections;
    }
    for (const nodes of client.fields(sets, type.name).values()) {
      const local = this.#localFields(nodes, type, subgraph, client);
      if (local === null) return null;
      selections.push(...local);
    }
    return selections;
  }
}

/** Somewhere in a fetch. */
interface Place {
  readonly subgraph: Subgraph;
  readonly type: CompositeType;
  /** Response keys from the root. */
  readonly path: readonly string[];
  /** By the client. */
  readonly selected: Selected;
}

interface Walk {
  readonly client: ClientSelections;
  readonly given: Given;
  /** False: only notes what is given. */
  readonly restores: boolean;
}

/** For each path what fetches give there: response keys, for objects of which type, and the type of the field. */
type Given = Map<string, GivenField[]>;

interface GivenField {
  readonly key: string;
  readonly on: string;
  readonly of: string;
}

function give(given: Given, path: readonly string[], field: GivenField): void {
  const at = path.join('.');
  const fields = given.get(at) ?? [];
  given.set(at, fields);
  fields.push(field);
}

function unevenNames(subgraphs: readonly Subgraph[]): ReadonlySet<string> {
  const within = new Map<string, string>();
  const uneven = new Set<string>();
  for (const { schema } of subgraphs) {
    for (const type of [...schema.interfaceTypes(), ...schema.unionTypes()]) {
      const names = possibleRuntimeTypes(type).map(({ name }) => name);
      const text = names.sort().join();
      if ((within.get(type.name) ?? text) !== text) uneven.add(type.name);
      within.set(type.name, text);
    }
  }
  return uneven;
}

function operationOf({ operation }: FetchNode): OperationDefinitionNode {
  const [definition] = parse(operation, { noLocation: true }).definitions;
  if (definition?.kind !== Kind.OPERATION_DEFINITION) throw new TypeError('A fetch has no operation.');
  return definition;
}

/** The fetch with another query, and the variables that it uses. */
function withOperation(
  fetch: FetchNode,
  operation: OperationDefinitionNode,
  { operation: { variableDefinitions: given = [] } }: ClientSelections,
): FetchNode {
  const used = new Set<string>();
  visit(operation.selectionSet, { Variable: ({ name }) => void used.add(name.value) });
  const own = operation.variableDefinitions ?? [];
  const known = new Set(own.map(({ variable }) => variable.name.value));
  const added = given.filter(({ variable: { name } }) => used.has(name.value) && !known.has(name.value));
  const whole = { ...operation, variableDefinitions: [...own, ...added] };
  return {
    ...fetch,
    operation: stripIgnoredCharacters(print(whole)),
    variableUsages: [...(fetch.variableUsages ?? []), ...added.map(({ variable }) => variable.name.value)],
  };
}

const keyOf = ({ alias, name }: FieldNode): string => (alias ?? name).value;

/** Undefined for `__typename`. */
const fieldOf = (type: CompositeType, { name }: FieldNode) =>
  isUnionType(type) ? undefined : type.field(name.value);

function compositeOf({ type }: NonNullable<ReturnType<typeof fieldOf>>): CompositeType | undefined {
  const inner = type === undefined ? undefined : baseType(type);
  return inner !== undefined && isCompositeType(inner) ? inner : undefined;
}

const mapFields = (
  { selections }: SelectionSetNode,
  map: (field: FieldNode) => FieldNode,
): SelectionSetNode =>
  setOf(selections.map((selection) => (selection.kind === Kind.FIELD ? map(selection) : selection)));

const setOf = (selections: readonly SelectionNode[]): SelectionSetNode => ({
  kind: Kind.SELECTION_SET,
  selections,
});

const onType = ({ name }: ObjectType, selections: readonly SelectionNode[]): SelectionNode => ({
  kind: Kind.INLINE_FRAGMENT,
  typeCondition: { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: name } },
  selectionSet: setOf(selections),
});
