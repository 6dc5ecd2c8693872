import type { Position } from '../../../schema/position.ts';
import type { Delivery } from '../stream/event.ts';

/** A delivery with the position behind it, from which its cursor is made. */
export interface Sent {
  readonly delivery: Delivery;
  readonly position: Position;
  /** Set while a snapshot is not complete. */
  readonly snapshotUntil: Position | null;
  /**
   * How old the cursor is, milliseconds since 1970; not there: now. Deletes since then are told behind it, and Kafka and the
   * view keep them only for so long (S11).
   */
  readonly time?: number;
}
