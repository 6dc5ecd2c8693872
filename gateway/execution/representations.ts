import type { QueryPlanSelectionNode } from '@apollo/query-planner';
import { type Data, isData, isInheritedKey, ownValue } from './data.ts';
import { mergeInto } from './merge.ts';
import type { Rewrite } from './rewrites.ts';
import type { TypeRelations } from './types.ts';

/** Makes what `_entities` takes from what is there; null where a required field is missing or no type fits. */
export type Represent = (object: Data) => Data | null;

/**
 * Compiles a fetch's `requires`. An inline fragment is all or nothing: with one of its fields missing it adds nothing,
 * since half a key or half of what `@requires` names would make the subgraph compute on a lie.
 */
export function compileRepresent(
  selections: readonly QueryPlanSelectionNode[],
  inputRewrite: Rewrite | null,
  types: TypeRelations,
): Represent {
  return (object) => {
    const representation = select(object, selections, types);
    if (representation === null || typeof representation.__typename !== 'string') return null;
    // The planner may have left a type without its key (seen under an interface object and @skip): nothing to ask by.
    if (Object.keys(representation).length === 1) return null;
    inputRewrite?.(representation);
    return representation;
  };
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
