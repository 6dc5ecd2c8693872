import type { OrderDescription } from '../../../../schema/description.ts';
import { decodePageCursor, type PageCursor } from '../page-cursor.ts';
import { equalityCombinations, type FieldValue, indexFor } from '../page-index.ts';
import {
  type ColumnValue,
  columnValue,
  compareValues,
  type Layout,
  type LayoutIndex,
} from '../sqlite-layout.ts';
import type { Condition, PageQuery, StoredRow } from '../view.ts';
import { beyondAll, encodeColumn, encodeKey, firstValue, nullDescending } from './index-entry.ts';

/** Members of an index from `first` (inclusive) to `last` (exclusive). */
export interface IndexRange {
  readonly first: Buffer;
  readonly last: Buffer;
}

export interface PagePlan {
  readonly index: LayoutIndex;
  /** One for each combination of values that are asked for; each is in the page's order. */
  readonly ranges: readonly IndexRange[];
}

/**
 * Where the rows of a page lie in an index: behind the cursor, within the bounds, for each combination of values.
 * What no range can say (a bound on a field that is not the first of the order) is left to `meets`.
 * Throws BAD_USER_INPUT for a foreign `after` and for lists that are too long, INTERNAL where no index fits.
 */
export function planRanges(layout: Layout, query: PageQuery): PagePlan {
  const combinations = equalityCombinations(query.conditions);
  const index = indexFor(layout, query);
  const after = query.after === null ? null : decodePageCursor(query.orderBy, query.after);
  const equal = new Set(combinations[0]?.map(({ field }) => field));
  const ordered = query.orderBy.filter(({ field }) => !equal.has(field));
  const compared = index.columns.slice(0, index.columns.length - ordered.length);
  const ranges = combinations.map((combination) => {
    const prefix = Buffer.concat(
      compared.map(({ field, descending }) => encodeColumn(valueIn(combination, field), descending)),
    );
    const { first, last } = bounded(prefix, ordered[0], query.conditions);
    const start = after === null ? first : startBehind(prefix, combination, query.orderBy, after);
    return { first: Buffer.compare(start, first) > 0 ? start : first, last };
  });
  return { index, ranges: ranges.filter(({ first, last }) => Buffer.compare(first, last) < 0) };
}

/** FROM and BEFORE on the first column of the order; a bound leaves out the rows without a value. */
function bounded(
  prefix: Buffer,
  order: OrderDescription | undefined,
  conditions: readonly Condition[],
): IndexRange {
  let first: Buffer = prefix;
  let last = behind(prefix);
  for (const { field, operator, value } of conditions) {
    const bound = columnValue(value);
    if (field !== order?.field || bound === null || operator === 'EQUAL' || operator === 'IN') continue;
    const at = Buffer.concat([prefix, encodeColumn(bound, order.descending)]);
    if (order.descending) {
      if (operator === 'FROM') last = earlier(last, behind(at));
      else {
        first = later(first, behind(at));
        last = earlier(last, Buffer.concat([prefix, nullDescending]));
      }
    } else if (operator === 'FROM') first = later(first, at);
    else {
      first = later(first, Buffer.concat([prefix, firstValue]));
      last = earlier(last, at);
    }
  }
  return { first, last };
}

/** The first member behind the cursor. A field that is compared is no part of members, but it is of the order. */
function startBehind(
  prefix: Buffer,
  combination: readonly FieldValue[],
  orderBy: readonly OrderDescription[],
  after: PageCursor,
): Buffer {
  let start = prefix;
  for (const [position, { field, descending }] of orderBy.entries()) {
    const value = after.values[position] ?? null;
    const same = combination.find((one) => one.field === field);
    if (same === undefined) {
      start = Buffer.concat([start, encodeColumn(value, descending)]);
      continue;
    }
    const order = compareValues(same.value, value) * (descending ? -1 : 1);
    if (order > 0) return start;
    if (order < 0) return behind(start);
  }
  return behind(Buffer.concat([start, encodeKey(after.key)]));
}

const valueIn = (combination: readonly FieldValue[], field: string): ColumnValue =>
  combination.find((one) => one.field === field)?.value ?? null;

const behind = (columns: Buffer): Buffer => Buffer.concat([columns, beyondAll]);
const later = (a: Buffer, b: Buffer): Buffer => (Buffer.compare(a, b) < 0 ? b : a);
const earlier = (a: Buffer, b: Buffer): Buffer => (Buffer.compare(a, b) < 0 ? a : b);

/** Whether a row meets all conditions. */
export function meets({ row }: StoredRow, conditions: readonly Condition[]): boolean {
  return conditions.every(({ field, operator, value }) => {
    const cell = columnValue(row?.[field]);
    if (operator === 'EQUAL') return cell === columnValue(value);
    if (operator === 'IN') {
      return (Array.isArray(value) ? value : [value]).some((one) => cell === columnValue(one));
    }
    const bound = columnValue(value);
    if (bound === null) return true;
    if (cell === null) return false;
    const order = compareValues(cell, bound);
    return operator === 'FROM' ? order >= 0 : order < 0;
  });
}
