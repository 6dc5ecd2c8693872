import type { FetchNode, QueryPlan, QueryPlanSelectionNode } from '@apollo/query-planner';
import { Kind, parse, type SelectionSetNode } from 'graphql';
import { requestError } from '../execution/errors.ts';
import { fieldName } from './field-sets.ts';
import { fetchesOf } from './plan-fetches.ts';
import type { VirtualFields } from './virtual-fields.ts';

/**
 * Throws a GraphQLError for a plan that asks a subgraph for a field with `@requires` without giving it what the field
 * takes. @apollo/query-planner 2.14.4 makes such plans where what is required is itself a field with `@requires`, of the
 * subgraph that was asked before: it joins the two fetches, and forgets the inputs. The field would be computed from
 * nothing, and nobody would know.
 */
export function checkInputs({ node }: QueryPlan, virtual: VirtualFields): void {
  if (node === undefined || !virtual.hasInputs) return;
  for (const { fetch } of fetchesOf(node)) checkFetch(fetch, virtual);
}

function checkFetch(node: FetchNode, virtual: VirtualFields): void {
  const given = givenByType(node.requires ?? []);
  for (const definition of parse(node.operation, { noLocation: true }).definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    const root = virtual.rootType(definition.operation);
    checkSet(definition.selectionSet, root, nothing);
  }

  function checkSet(set: SelectionSetNode, type: string | undefined, inputs: Given): void {
    for (const selection of set.selections) {
      if (selection.kind === Kind.FRAGMENT_SPREAD) continue;
      if (selection.kind === Kind.INLINE_FRAGMENT) {
        checkSet(selection.selectionSet, selection.typeCondition?.name.value ?? type, inputs);
        continue;
      }
      const name = virtual.byName.get(selection.name.value)?.field ?? selection.name.value;
      if (type !== undefined && !hasInputs(node.serviceName, type, name, inputs, virtual))
        throw lacking(type, name);
      if (selection.selectionSet === undefined) continue;
      const below = type === undefined ? undefined : virtual.typeOf(type, name);
      // Only entities are given anything; their types are in fragments.
      checkSet(selection.selectionSet, below, name === '_entities' ? given : nothing);
    }
  }
}

function hasInputs(
  subgraph: string,
  type: string,
  field: string,
  given: Given,
  virtual: VirtualFields,
): boolean {
  for (const [path, input] of virtual.inputsOf(subgraph, type, field) ?? []) {
    if (path.includes('.') || given(type).has(input)) continue;
    const name = fieldName(type, input);
    // What is in a key or provided, the subgraph may know itself.
    if (!virtual.keysOf(subgraph).has(name) && !virtual.providedBy(subgraph).has(name)) return false;
  }
  return true;
}

/** Names of what the objects of a type bring along. */
type Given = (type: string) => ReadonlySet<string>;

const nothing: Given = () => new Set();

/** Of a type that representations do not name, such as an interface, all that any of them brings. */
function givenByType(requires: readonly QueryPlanSelectionNode[]): Given {
  const all = new Set<string>();
  const byType = new Map<string, Set<string>>();
  for (const selection of requires) {
    collectNames([selection], all);
    const type = selection.kind === 'InlineFragment' ? selection.typeCondition : undefined;
    if (type === undefined) continue;
    const names = byType.get(type) ?? new Set();
    byType.set(type, names);
    collectNames([selection], names);
  }
  return (type) => byType.get(type) ?? all;
}

function collectNames(selections: readonly QueryPlanSelectionNode[], into: Set<string>): void {
  for (const selection of selections) {
    if (selection.kind === 'Field') into.add(selection.name);
    else collectNames(selection.selections, into);
  }
}

const lacking = (type: string, field: string): Error =>
  requestError(
    `${type}.${field} cannot be answered here: the query planner does not fetch first what it requires.`,
    'BAD_REQUEST',
  );
