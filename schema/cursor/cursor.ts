import type { Position } from '../position.ts';

/** What a cursor holds (S6). Opaque to clients; encoded by `encodeCursor`, read by `decodeCursor` alone. */
export interface Cursor {
  readonly clusterId: string;
  readonly topicId: string;
  readonly position: Position;
  /** Leader epoch of the last record read of each partition, −1 where unknown. */
  readonly epochs: readonly number[];
  /** When the cursor was made, milliseconds since 1970. */
  readonly time: number;
  /** Of the field and its arguments (S8), 32 bits unsigned. */
  readonly filterHash: number;
  /** An unfinished snapshot: the position up to which rows count as snapshot rows. */
  readonly snapshotUntil: Position | null;
}
