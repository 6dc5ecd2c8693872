import type { QueryPlanSelectionNode } from '@apollo/query-planner';
import { type Data, isData, isInheritedKey, ownValue } from './data.ts';
import { mergeInto } from './merge.ts';
import type { Rewrite } from './rewrites.ts';
import type { TypeRelations } from './types.ts';

/** Makes what `_entities` takes from the objects that a fetch is for. */
export interface Represent {
  /** What is taken, as the planner says it, and how it is changed then. */
  readonly selections: readonly QueryPlanSelectionNode[];
  readonly rewrite: Rewrite | null;
  /** Null where a required field is missing or no type fits. */
  make(object: Data): Data | null;
  /** Of objects of one type the representation is a few leaf values, as for most keys; null where it is more than that. */
  leavesOf(typename: unknown): Leaves | null;
}

/** The fields of a representation that has no objects or lists of its own. */
export interface Leaves {
  readonly typename: string;
  /** Without `__typename`, which always goes first. */
  readonly keys: readonly string[];
}

/**
 * Compiles a fetch's `requires`. An inline fragment is all or nothing: with one of its fields missing it adds nothing,
 * since half a key or half of what `@requires` names would make the subgraph compute on a lie.
 */
export function compileRepresent(
  selections: readonly QueryPlanSelectionNode[],
  inputRewrite: Rewrite | null,
  types: TypeRelations,
): Represent {
  const leaves = new Map<string, Leaves | null>();
  return {
    selections,
    rewrite: inputRewrite,
    make(object) {
      const representation = select(object, selections, types);
      if (representation === null || typeof representation.__typename !== 'string') return null;
      // The planner may have left a type without its key (seen under an interface object and @skip): nothing to ask by.
      if (Object.keys(representation).length === 1) return null;
      inputRewrite?.(representation);
      return representation;
    },
    leavesOf(typename) {
      if (inputRewrite !== null || typeof typename !== 'string') return null;
      const known = leaves.get(typename);
      if (known !== undefined) return known;
      const found = leavesFor(typename, selections, types);
      // Names that the schema does not have are not kept: a subgraph could invent any number of them.
      if (found !== null) leaves.set(typename, found);
      return found;
    },
  };
}

function leavesFor(
  typename: string,
  selections: readonly QueryPlanSelectionNode[],
  types: TypeRelations,
): Leaves | null {
  const fragments = selections.filter(
    (each) =>
      each.kind === 'InlineFragment' &&
      (each.typeCondition === undefined || types.isOfType(typename, each.typeCondition)),
  );
  const [fragment] = fragments;
  if (fragment === undefined || fragment.kind !== 'InlineFragment' || fragments.length > 1) return null;
  if (selections.some(({ kind }) => kind === 'Field')) return null;
  const keys: string[] = [];
  for (const field of fragment.selections) {
    if (field.kind !== 'Field' || field.selections !== undefined) return null;
    const key = field.alias ?? field.name;
    if (isInheritedKey(key)) return null;
    keys.push(key);
  }
  const [first, ...others] = keys;
  return first === '__typename' && others.length > 0 ? { typename, keys: others } : null;
}

function select(
  source: Data,
  selections: readonly QueryPlanSelectionNode[],
  types: TypeRelations,
): Data | null {
  let result: Data | null = null;
  for (const selection of selections) {
    if (selection.kind === 'Field') {
      const key = selection.alias ?? selection.name;
      const value = isInheritedKey(key) ? ownValue(source, key) : source[key];
      const selected = selectValue(value, selection.selections, types);
      if (selected === undefined) return null;
      result ??= {};
      result[key] = selected;
    } else if (applies(source, selection.typeCondition, types)) {
      const part = select(source, selection.selections, types);
      if (part === null) continue;
      if (result === null) result = part;
      else mergeInto(result, part);
    }
  }
  return result ?? {};
}

/** Undefined where something is missing that the selections name. */
function selectValue(
  value: unknown,
  selections: readonly QueryPlanSelectionNode[] | undefined,
  types: TypeRelations,
): unknown {
  if (value === undefined || value === null || selections === undefined) return value;
  if (Array.isArray(value)) {
    const items: unknown[] = [];
    for (const item of value) {
      const selected = selectValue(item, selections, types);
      if (selected === undefined) return undefined;
      items.push(selected);
    }
    return items;
  }
  if (!isData(value)) return undefined;
  return select(value, selections, types) ?? undefined;
}

function applies(source: Data, condition: string | undefined, types: TypeRelations): boolean {
  if (condition === undefined) return true;
  const typename = source.__typename;
  return typeof typename === 'string' && types.isOfType(typename, condition);
}
