import type { ColumnValue, Layout } from './sqlite-layout.ts';

/** Records in a unit. */
export const maximumUnit = 200;
/** Records in a transaction of several units: with 1,000 of them a view fills 2.5 times as fast as with 200. */
export const maximumTransaction = 1_000;

export interface WriterData {
  readonly path: string;
  readonly layout: Layout;
  readonly tombstoneRetentionMs: number;
}

/** Records of one partition that are committed together, at most `maximumUnit`. */
export interface WriterUnit {
  readonly id: number;
  readonly partition: number;
  readonly next: number;
  /** Leader epoch of the last record, −1 unknown. */
  readonly epoch: number;
  readonly records: readonly WriterRecord[];
}

/** Key, offset, timestamp, state code, row as JSON, idempotency key, and the values of the layout's columns. */
export type WriterRecord = readonly [
  string,
  number,
  number,
  number,
  string | null,
  string | null,
  ...ColumnValue[],
];

/** State code, row as JSON, partition, offset, timestamp of the row that a record replaced. */
export type ReplacedRow = readonly [number, string | null, number, number, number];

export interface CommittedUnit {
  readonly id: number;
  /** Records at the unit's head that the view already had. */
  readonly skipped: number;
  /** By record after the skipped ones; null when none of them replaced anything. */
  readonly replaced: readonly (ReplacedRow | null)[] | null;
}

export type WriterMessage =
  | { readonly kind: 'opened' }
  | { readonly kind: 'committed'; readonly units: readonly CommittedUnit[]; readonly purged: number }
  | { readonly kind: 'failed'; readonly message: string; readonly errcode: number }
  | { readonly kind: 'closed' };
