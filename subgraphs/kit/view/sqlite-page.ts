import type { OrderDescription } from '../../../schema/description.ts';
import { decodePageCursor, type PageCursor } from './page-cursor.ts';
import { equalityCombinations, indexFor } from './page-index.ts';
import {
  type ColumnValue,
  columnOf,
  columnValue,
  compareValues,
  type Layout,
  rowColumns,
} from './sqlite-layout.ts';
import type { Condition, PageQuery } from './view.ts';

export interface PageStatement {
  readonly sql: string;
  /** Without the last one, which is the limit. */
  readonly parameters: readonly ColumnValue[];
}

/**
 * The statements whose results, one after the other, are the page: each reads one stretch of an index from the
 * right place on, so that a page costs its rows and not what lies before them. Their columns are `rowColumns` and
 * the order fields. Run them in one read transaction.
 * Throws BAD_USER_INPUT for a foreign `after` and for lists that are too long, INTERNAL where no index fits.
 */
export function planPage(layout: Layout, query: PageQuery): PageStatement[] {
  const branches = equalityCombinations(query.conditions).map((values) =>
    values.map(({ field, value }): Bound => ({ field, operator: 'IS', value })),
  );
  if (branches.length === 0) return [];
  const index = indexFor(layout, query);
  const ranges = query.conditions.flatMap(boundsOf);
  const after = query.after === null ? null : decodePageCursor(query.orderBy, query.after);
  const columns = query.orderBy.map(({ field }) => columnOf(layout, field));
  const order = [
    ...query.orderBy.map(({ descending }, i) => `${columns[i]}${descending ? ' DESC' : ''}`),
    'key',
  ].join(', ');
  const select = `SELECT ${[rowColumns, ...columns].join(', ')} FROM rows INDEXED BY ${index.name}`;
  return stretches(query.orderBy, after).map((stretch) => {
    const rest = tightest([...stretch, ...ranges]);
    const parameters: ColumnValue[] = [];
    const parts = branches.map((branch) => {
      const where = [...branch, ...rest].map(({ field, operator, value }) => {
        parameters.push(value);
        return `${field === null ? 'key' : columnOf(layout, field)} ${operator} ?`;
      });
      return `${select} WHERE ${['state = 0', ...where].join(' AND ')}`;
    });
    return { sql: `${parts.join(' UNION ALL ')} ORDER BY ${order} LIMIT ?`, parameters };
  });
}

/** A comparison with a column; the field null stands for the key. */
interface Bound {
  readonly field: string | null;
  readonly operator: 'IS' | '>' | '>=' | '<';
  readonly value: ColumnValue;
}

/** FROM and BEFORE; a null bound is no bound. */
function boundsOf({ field, operator, value }: Condition): Bound[] {
  const bound = columnValue(value);
  if (bound === null || operator === 'EQUAL' || operator === 'IN') return [];
  return [{ field, operator: operator === 'FROM' ? '>=' : '<', value: bound }];
}

/**
 * What lies behind the cursor, nearest first: rows equal in all order fields with a later key, then rows equal in all
 * but the last field and beyond in that one, and so on. One stretch without conditions when there is no cursor.
 */
function stretches(orderBy: readonly OrderDescription[], after: PageCursor | null): Bound[][] {
  if (after === null) return [[]];
  const equal = orderBy.map(
    ({ field }, i): Bound => ({ field, operator: 'IS', value: after.values[i] ?? null }),
  );
  const beyondFields = orderBy.map((order, i) =>
    beyond(order, after.values[i] ?? null).map((bound) => [...equal.slice(0, i), bound]),
  );
  return [[...equal, { field: null, operator: '>', value: after.key }], ...beyondFields.reverse().flat()];
}

/** Nulls come first ascending and last descending. */
function beyond({ field, descending }: OrderDescription, value: ColumnValue): Bound[] {
  if (!descending) {
    // All numbers and texts lie at or above −Infinity; IS NOT NULL would walk through the nulls.
    return value === null
      ? [{ field, operator: '>=', value: Number.NEGATIVE_INFINITY }]
      : [{ field, operator: '>', value }];
  }
  if (value === null) return [];
  return [
    { field, operator: '<', value },
    { field, operator: 'IS', value: null },
  ];
}

/** SQLite would seek to any of several lower bounds of a field and walk from there, so only the tightest is left. */
function tightest(bounds: readonly Bound[]): Bound[] {
  const kept: Bound[] = [];
  for (const bound of bounds) {
    const rival = kept.findIndex((other) => other.field === bound.field && sameSide(other, bound));
    if (rival < 0) kept.push(bound);
    else if (isTighter(bound, kept[rival] ?? bound)) kept[rival] = bound;
  }
  return kept;
}

const sameSide = (a: Bound, b: Bound): boolean =>
  a.operator !== 'IS' && b.operator !== 'IS' && (a.operator === '<') === (b.operator === '<');

function isTighter(a: Bound, b: Bound): boolean {
  const order = compareValues(a.value, b.value);
  if (order === 0) return a.operator === '>';
  return a.operator === '<' ? order < 0 : order > 0;
}
