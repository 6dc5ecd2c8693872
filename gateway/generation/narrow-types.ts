import type { FetchNode, QueryPlan } from '@apollo/query-planner';
import {
  type DefinitionNode,
  type DocumentNode,
  Kind,
  parse,
  print,
  type SelectionNode,
  type SelectionSetNode,
  stripIgnoredCharacters,
} from 'graphql';
import { fetchesOf, withFetches } from './plan-fetches.ts';
import { isComposite, namedType, subgraphNames, textOf } from './supergraph-document.ts';
import { typenameField } from './typename-field.ts';
import type { VirtualFields } from './virtual-fields.ts';

/** Object types that a subgraph has for a field which is of an interface or union in the supergraph. */
export type NarrowTypes = ReadonlyMap<string, string>;

const keyOf = (subgraph: string, type: string, field: string): string => `${subgraph} ${type}.${field}`;

/** From the `@join__field(graph: A, type: "Book")` of a supergraph. Most have none of them. */
export function readNarrowTypes(supergraph: DocumentNode): NarrowTypes {
  const subgraphs = subgraphNames(supergraph);
  const types = supergraph.definitions.filter(isComposite);
  const objects = new Set(
    types.filter(({ kind }) => kind === Kind.OBJECT_TYPE_DEFINITION).map(({ name }) => name.value),
  );
  const narrow = new Map<string, string>();
  for (const type of types) {
    for (const field of type.fields ?? []) {
      if (objects.has(namedType(field.type))) continue;
      for (const directive of field.directives ?? []) {
        if (directive.name.value !== 'join__field') continue;
        const own = textOf(directive, 'type')?.match(/\w+/)?.[0];
        if (own === undefined || !objects.has(own)) continue;
        const graph = textOf(directive, 'graph') ?? '';
        narrow.set(keyOf(subgraphs.get(graph) ?? graph, type.name.value, field.name.value), own);
      }
    }
  }
  return narrow;
}

/**
 * Has fetches ask for the `__typename` of what is narrower in their subgraph than in the supergraph.
 *
 * @apollo/query-planner 2.14.4 does without where other fields are asked for beside: to the subgraph a fragment on its
 * own object type says nothing. But without the type nobody knows that the client's fragment applies, and the object
 * would be answered without its fields.
 */
export function askNarrowTypes(plan: QueryPlan, narrow: NarrowTypes, virtual: VirtualFields): QueryPlan {
  const { node } = plan;
  if (node === undefined || narrow.size === 0) return plan;
  const asking = fetchesOf(node).map(({ fetch }) => [fetch, askInFetch(fetch, narrow, virtual)] as const);
  return withFetches(plan, new Map(asking));
}

function askInFetch<Fetch extends FetchNode>(
  fetch: Fetch,
  narrow: NarrowTypes,
  virtual: VirtualFields,
): Fetch {
  let changed = false;
  const document = parse(fetch.operation, { noLocation: true });
  const definitions = document.definitions.map((definition): DefinitionNode => {
    switch (definition.kind) {
      case Kind.OPERATION_DEFINITION:
        return {
          ...definition,
          selectionSet: within(definition.selectionSet, virtual.rootType(definition.operation)),
        };
      case Kind.FRAGMENT_DEFINITION:
        return {
          ...definition,
          selectionSet: within(definition.selectionSet, definition.typeCondition.name.value),
        };
      default:
        return definition;
    }
  });
  return changed
    ? { ...fetch, operation: stripIgnoredCharacters(print({ ...document, definitions })) }
    : fetch;

  function within(set: SelectionSetNode, type: string | undefined): SelectionSetNode {
    const selections = set.selections.map((selection): SelectionNode => {
      if (selection.kind === Kind.FRAGMENT_SPREAD || selection.selectionSet === undefined) return selection;
      if (selection.kind === Kind.INLINE_FRAGMENT) {
        const condition = selection.typeCondition?.name.value ?? type;
        return { ...selection, selectionSet: within(selection.selectionSet, condition) };
      }
      const name = selection.name.value;
      const field = virtual.byName.get(name)?.field ?? name;
      const own = type === undefined ? undefined : narrow.get(keyOf(fetch.serviceName, type, field));
      const below = own ?? (type === undefined ? undefined : virtual.typeOf(type, field));
      const inner = within(selection.selectionSet, below);
      if (own === undefined || inner.selections.some(isTypename))
        return { ...selection, selectionSet: inner };
      changed = true;
      return { ...selection, selectionSet: { ...inner, selections: [typenameField, ...inner.selections] } };
    });
    return { ...set, selections };
  }
}

const isTypename = (selection: SelectionNode): boolean =>
  selection.kind === Kind.FIELD && selection.name.value === '__typename' && selection.alias === undefined;
