import type { DecodedRecord, Row } from '../records.ts';

/** A record as the stream publishes it: on change streams after the view's commit, with the row that it replaced (S3, S16). */
export interface StreamEvent extends DecodedRecord {
  /** The row before this record; null on event streams and where the key was unknown, deleted or unreadable. */
  readonly old: Row | null;
  /**
   * Nobody knows what the row before was: its record did not decode (S23), or the shared store of the view lost it (S27).
   */
  readonly oldUnreadable: boolean;
}

/** A record of an event stream: what came before it does not matter. */
export const asEvent = (record: DecodedRecord): StreamEvent => ({
  ...record,
  old: null,
  oldUnreadable: false,
});

export type ChangeKind = 'RESET' | 'SNAPSHOT' | 'UP_TO_DATE' | 'UPSERT' | 'DELETE';

/** What a subscriber is sent: an event that matched, as a change where the stream is one. */
export interface Delivery {
  readonly kind: ChangeKind | null;
  /** Null for RESET and UP_TO_DATE. */
  readonly at: readonly [partition: number, offset: number] | null;
  readonly key: string | null;
  /** Null for deletes, and where `unreadable`. */
  readonly row: Row | null;
  /** The latest record of the key did not decode: clients are told instead of being shown the older value (S23). */
  readonly unreadable: boolean;
}
