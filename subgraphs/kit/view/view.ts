import type { FilterDescription, OrderDescription } from '../../../schema/description.ts';
import type { Position } from '../../../schema/position.ts';
import type { DecodedRecord, RecordState, Row } from '../records.ts';

/** The latest record of each key of a COMPACT topic, with the position that it reflects. Implemented by SQLite (S26) and Redis (S27). */
export interface View {
  /** What is committed: every record below it is in the rows (S26). */
  readonly position: Position;
  /**
   * Leader epochs under which the records up to the position were written, as they were when the view was opened, −1
   * where unknown: by them a log that was truncated meanwhile is found (S11).
   */
  readonly epochs: readonly number[];
  /** For health: where the rows are, and whether they can be read. */
  readonly status: ViewStatus;
  /**
   * Applies records in order and commits them with the new position, in one transaction or several.
   * Records below the position are skipped. Resolves after the commit, with each applied record and the row it replaced.
   */
  apply(batch: ViewBatch): Promise<readonly ViewChange[]>;
  /** Rows by record key, in the order asked; null where the key is unknown or deleted. One read for all. */
  getMany(keys: readonly string[]): Promise<readonly (StoredRow | null)[]>;
  /**
   * The row of `key` as the first record wrote it that carried this idempotency key (S25); null where none did. Kept for
   * 24 hours, and not beyond a tombstone of the key.
   */
  firstResult(key: string, idempotencyKey: string): Promise<StoredRow | null>;
  /** Rows by conditions, ordered, from `after` on. Rejects with BAD_USER_INPUT for an `after` that is not its own. */
  page(query: PageQuery): Promise<Page>;
  /** What changed in one partition, by offset: for snapshots and catch-up (S4, S12). Rows and position from one read. */
  scan(query: ScanQuery): Promise<ScanPage>;
  /** Resolves true as soon as the position of `partition` is at least `next`, false when the time is over. */
  waitFor(partition: number, next: number, timeoutMs: number): Promise<boolean>;
  /** Rows that are neither deleted nor unreadable. */
  count(): Promise<number>;
  /** To be called when the view serves (S28): what older definitions left behind may go. */
  ready(): void;
  /**
   * Closes the view and deletes its rows, so that the next open builds it again: for partitions whose position Kafka no
   * longer continues, out of range, truncated, or not read for longer than its tombstones are kept. A store that keeps
   * partitions apart deletes those.
   */
  discard(reason: string, partitions: readonly number[]): Promise<void>;
  close(): Promise<void>;
}

export interface ViewStatus {
  readonly store: 'SQLITE' | 'REDIS';
  /** AWAY: the store did not answer when it was asked last. REFILLING: it lost rows, which are read from the topic again. */
  readonly state: 'SERVING' | 'REFILLING' | 'AWAY';
}

export interface ViewBatch {
  readonly partition: number;
  readonly records: readonly DecodedRecord[];
  /** Position of the partition after the batch; may lie beyond the last record. */
  readonly next: number;
  /** Of the last record; not there where it is unknown. */
  readonly leaderEpoch?: number;
}

export interface ViewChange {
  readonly record: DecodedRecord;
  /** The row as it was before; null where the key was unknown or deleted. */
  readonly old: StoredRow | null;
  /** The row as it was before cannot be told, since a shared store lost it: it may have been in any filter. */
  readonly oldUnknown?: boolean;
}

export interface StoredRow {
  readonly key: string;
  readonly state: RecordState;
  /** Null for TOMBSTONE and UNREADABLE. */
  readonly row: Row | null;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
}

export interface Condition {
  readonly field: string;
  readonly operator: FilterDescription['operator'];
  /** For IN an array. Values as the row holds them. Null matches rows without a value; for FROM and BEFORE it is no bound. */
  readonly value: unknown;
}

export interface PageQuery {
  readonly conditions: readonly Condition[];
  /** The key breaks ties, ascending. */
  readonly orderBy: readonly OrderDescription[];
  readonly first: number;
  readonly after: string | null;
}

export interface Page {
  readonly rows: readonly StoredRow[];
  /** What `after` takes to go on behind each row. */
  readonly cursors: readonly string[];
  readonly hasNextPage: boolean;
}

export interface ScanQuery {
  readonly partition: number;
  /** Inclusive. */
  readonly from: number;
  readonly limit: number;
  /** Of keys and rows as they are stored; a page has one row at least. Default: 1 MB. */
  readonly bytes?: number;
}

/** Of a page of a scan, where nothing else is asked for. */
export const scanPageBytes = 1024 * 1024;

export interface ScanPage {
  /** By offset, ascending; tombstones and unreadable rows included. */
  readonly rows: readonly StoredRow[];
  /** Position of the view at the read. */
  readonly position: Position;
  /** The view holds nothing of the partition behind it. A page of few large rows need not be the last. */
  readonly isLast: boolean;
  readonly bytes: number;
}
