import type { FilterDescription } from '../../../schema/description.ts';
import type { Row } from '../records.ts';
import type { Delivery, StreamEvent } from './event.ts';

/** A filter with its argument's value, coerced; arguments that were not given or are null make none. */
export interface BoundFilter {
  readonly field: string;
  readonly operator: FilterDescription['operator'];
  readonly value: unknown;
}

export const bindFilters = (
  filters: readonly FilterDescription[],
  args: Readonly<Record<string, unknown>>,
): readonly BoundFilter[] =>
  filters.flatMap(({ argument, field, operator }) => {
    const value = args[argument];
    return value === undefined || value === null ? [] : [{ field, operator, value }];
  });

/** A value as filters compare it: scalars as they are, composite keys as canonical text. */
export const comparable = (value: unknown): unknown =>
  typeof value === 'object' && value !== null ? JSON.stringify(value, Object.keys(value).sort()) : value;

export type Matches = (row: Row) => boolean;

const compileOne = ({ field, operator, value }: BoundFilter): Matches => {
  switch (operator) {
    case 'EQUAL': {
      const wanted = comparable(value);
      return (row) => comparable(row[field]) === wanted;
    }
    case 'IN': {
      const wanted = new Set((value as readonly unknown[]).map(comparable));
      return (row) => wanted.has(comparable(row[field]));
    }
    case 'FROM':
      return (row) => isBefore(value, row[field]) || row[field] === value;
    case 'BEFORE':
      return (row) => isBefore(row[field], value);
  }
};

/** Order within one kind of value; a missing value is in no range. */
const isBefore = (a: unknown, b: unknown): boolean =>
  (typeof a === 'string' && typeof b === 'string' && a < b) ||
  (typeof a === 'number' && typeof b === 'number' && a < b);

export const compileFilters = (filters: readonly BoundFilter[]): Matches => {
  const all = filters.map(compileOne);
  if (all.length === 0) return () => true;
  return (row) => all.every((matches) => matches(row));
};

/** The values under which the filter index files a subscriber; null when no filter pins a field to values. */
export const pinnedValues = (
  filters: readonly BoundFilter[],
): { readonly field: string; readonly values: readonly unknown[] } | null => {
  for (const { field, operator, value } of filters) {
    if (operator === 'EQUAL') return { field, values: [comparable(value)] };
    if (operator === 'IN') return { field, values: (value as readonly unknown[]).map(comparable) };
  }
  return null;
};

/** An event stream delivers what matches (S1); records that do not decode are the dead letters' affair. */
export const deliverEvent = (event: StreamEvent, matches: Matches): Delivery | null =>
  event.state === 'ROW' && event.row !== null && matches(event.row)
    ? { kind: null, at: [event.partition, event.offset], key: event.key, row: event.row, unreadable: false }
    : null;

/** A change stream compares the old and the new row: in the filter now is UPSERT, out of it now but in before is DELETE (S3). */
export const deliverChange = (event: StreamEvent, matches: Matches, unfiltered: boolean): Delivery | null => {
  const at = [event.partition, event.offset] as const;
  const wasIn = event.old !== null && matches(event.old);
  if (event.state === 'UNREADABLE' && (wasIn || unfiltered)) {
    return { kind: 'UPSERT', at, key: event.key, row: null, unreadable: true };
  }
  if (event.row !== null && matches(event.row)) {
    return { kind: 'UPSERT', at, key: event.key, row: event.row, unreadable: false };
  }
  // Without a filter every delete is told, also of a key whose row was unreadable and so has no old value.
  return wasIn || unfiltered || event.oldUnreadable
    ? { kind: 'DELETE', at, key: event.key, row: null, unreadable: false }
    : null;
};
