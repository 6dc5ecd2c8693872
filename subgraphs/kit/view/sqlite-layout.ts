import { createHash } from 'node:crypto';
import type { OrderDescription, TopicDescription } from '../../../schema/description.ts';
import { TributaryError } from '../../../schema/errors.ts';
import type { RecordState } from '../records.ts';
import type { QueryShape } from './query-shapes.ts';

/** What a column holds. Booleans are 0 and 1; lists and objects their canonical JSON. */
export type ColumnValue = string | number | null;

/** An index over rows that are neither deleted nor unreadable; the key follows the last column. */
export interface LayoutIndex {
  readonly name: string;
  readonly columns: readonly OrderDescription[];
}

/** How the rows of one topic are laid out in their SQLite file. */
export interface Layout {
  readonly topic: string;
  readonly type: string;
  /** Fields with a column of their own, in order of the columns. */
  readonly fields: readonly string[];
  readonly indexes: readonly LayoutIndex[];
  /** Of key, mapping, codec and indexes: another hash, another file (S26). 16 hexadecimal digits. */
  readonly hash: string;
}

/** Raised when the tables change: files of an older format are built again. */
const formatVersion = 3;

export const stateCodes: Readonly<Record<RecordState, number>> = { ROW: 0, TOMBSTONE: 1, UNREADABLE: 2 };
export const states: readonly RecordState[] = ['ROW', 'TOMBSTONE', 'UNREADABLE'];

/** What every read of rows begins with; `storedRow` takes them in this order. */
export const rowColumns = 'key, state, row, partition, offset, timestamp';

/** Unique over all rows, also the order of pages that ask for none. */
export const keyIndex: LayoutIndex = { name: 'rows_key', columns: [] };

export function layoutOf(
  description: TopicDescription,
  queries: readonly QueryShape[],
  codec: string,
): Layout {
  const declared = description.indexes.map((field) => ({ equal: [field], ranges: [], orderBy: [] }));
  const bySignature = new Map<string, readonly OrderDescription[]>();
  for (const shape of [...declared, ...queries]) {
    const columns = indexColumns(shape);
    if (columns.length > 0) bySignature.set(columns.map(signature).join(','), columns);
  }
  const ordered = [...bySignature.values()].flat().map(({ field }) => field);
  const fields = [...new Set([...ordered, ...queries.flatMap(({ ranges }) => ranges)])].sort();
  const indexes = [...bySignature]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, columns], index) => ({ name: `rows_page_${index}`, columns }));
  const { name, type, key, fields: mapping } = description;
  const definition = { formatVersion, name, type, key, mapping, codec, fields, indexes };
  const hash = createHash('sha256').update(JSON.stringify(definition)).digest('hex').slice(0, 16);
  return { topic: name, type, fields, indexes, hash };
}

const signature = ({ field, descending }: OrderDescription): string => `${descending ? '-' : '+'}${field}`;

/** A field that is compared for equality is the same in all rows found, so it needs no place in the order. */
function indexColumns(shape: QueryShape): readonly OrderDescription[] {
  const equal = [...new Set(shape.equal)].sort();
  return [
    ...equal.map((field) => ({ field, descending: false })),
    ...shape.orderBy.filter(({ field }) => !equal.includes(field)),
  ];
}

/** Numbered, because SQL names ignore case and GraphQL names do not. Throws INTERNAL for a field without a column. */
export function columnOf(layout: Layout, field: string): string {
  const index = layout.fields.indexOf(field);
  if (index >= 0) return `"c${index}_${field}"`;
  throw new TributaryError(
    'INTERNAL',
    `The view of ${layout.type} keeps no column for "${field}". Add @index to the field, or name the query when the view is opened.`,
  );
}

export function columnValue(value: unknown): ColumnValue {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string' || typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  return JSON.stringify(value, sortedKeys);
}

const sortedKeys = (_: string, value: unknown): unknown =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;

/** SQLite's order of values: null, numbers, texts by their UTF-8 bytes. */
export function compareValues(a: ColumnValue, b: ColumnValue): number {
  const rank = (value: ColumnValue): number => (value === null ? 0 : typeof value === 'number' ? 1 : 2);
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return rank(a) - rank(b);
}

/** Columns without a type keep values as they are: no affinity turns the text "1" into a number. */
export function createStatements(layout: Layout): string[] {
  const columns = layout.fields.map((field) => `, ${columnOf(layout, field)}`).join('');
  return [
    `CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID`,
    `CREATE TABLE positions (partition INTEGER PRIMARY KEY, next INTEGER NOT NULL, epoch INTEGER NOT NULL)`,
    `CREATE TABLE totals (rows INTEGER NOT NULL, committed_at INTEGER NOT NULL)`,
    `CREATE TABLE rows (id INTEGER PRIMARY KEY, key TEXT NOT NULL, partition INTEGER NOT NULL,
       offset INTEGER NOT NULL, timestamp INTEGER NOT NULL, state INTEGER NOT NULL, row TEXT,
       tombstoned INTEGER${columns})`,
    `CREATE TABLE first_results (id INTEGER PRIMARY KEY, key TEXT NOT NULL, idempotency_key TEXT NOT NULL,
       row TEXT NOT NULL, partition INTEGER NOT NULL, offset INTEGER NOT NULL, timestamp INTEGER NOT NULL,
       kept_since INTEGER NOT NULL, UNIQUE (key, idempotency_key))`,
    `CREATE INDEX first_results_kept ON first_results (kept_since)`,
    `CREATE UNIQUE INDEX ${keyIndex.name} ON rows (key)`,
    `CREATE INDEX rows_offset ON rows (partition, offset)`,
    `CREATE INDEX rows_tombstoned ON rows (tombstoned) WHERE tombstoned IS NOT NULL`,
    ...layout.indexes.map(({ name, columns: parts }) => {
      const list = parts.map(
        ({ field, descending }) => `${columnOf(layout, field)}${descending ? ' DESC' : ''}`,
      );
      return `CREATE INDEX ${name} ON rows (${[...list, 'key'].join(', ')}) WHERE state = 0`;
    }),
  ];
}
