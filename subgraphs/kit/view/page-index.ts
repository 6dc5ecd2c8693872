import { TributaryError } from '../../../schema/errors.ts';
import { type ColumnValue, columnValue, keyIndex, type Layout, type LayoutIndex } from './sqlite-layout.ts';
import type { Condition, PageQuery } from './view.ts';

export interface FieldValue {
  readonly field: string;
  readonly value: ColumnValue;
}

/** Stretches of an index that are merged for one page; each value of a list is one, lists multiply. SQLite takes 500. */
const maximumCombinations = 100;

/** One list of equalities for each combination of listed values: each is one stretch of an index, in order. */
export function equalityCombinations(conditions: readonly Condition[]): FieldValue[][] {
  let combinations: FieldValue[][] = [[]];
  for (const { field, operator, value } of conditions) {
    if (operator !== 'EQUAL' && operator !== 'IN') continue;
    const values = new Set((operator === 'IN' && Array.isArray(value) ? value : [value]).map(columnValue));
    if (combinations.length * values.size > maximumCombinations) {
      throw new TributaryError(
        'BAD_USER_INPUT',
        `The list for "${field}" has too many values: a page takes ${maximumCombinations} of them, or combinations of several lists. Ask in parts.`,
        { details: { field } },
      );
    }
    combinations = combinations.flatMap((combination) =>
      [...values].map((one) => [...combination, { field, value: one }]),
    );
  }
  return combinations;
}

/** The index that has most of the equality fields, and then the order. */
export function indexFor(layout: Layout, query: PageQuery): LayoutIndex {
  const equal = new Set(
    query.conditions.filter(({ operator }) => operator === 'EQUAL' || operator === 'IN').map((c) => c.field),
  );
  const order = query.orderBy.filter(({ field }) => !equal.has(field));
  if (equal.size === 0 && order.length === 0) return keyIndex;
  const fits = ({ columns }: LayoutIndex): boolean => {
    const prefix = columns.length - order.length;
    return (
      prefix >= (equal.size === 0 ? 0 : 1) &&
      columns.every((column, i) =>
        i < prefix
          ? equal.has(column.field)
          : column.field === order[i - prefix]?.field && column.descending === order[i - prefix]?.descending,
      )
    );
  };
  const best = layout.indexes.filter(fits).sort((a, b) => b.columns.length - a.columns.length)[0];
  if (best !== undefined) return best;
  throw new TributaryError(
    'INTERNAL',
    `The view of ${layout.type} has no index for conditions on [${[...equal].join(', ')}] ordered by [${order.map(({ field, descending }) => `${field}${descending ? ' descending' : ''}`).join(', ')}]. Add @index to the field, or name the query when the view is opened.`,
  );
}
