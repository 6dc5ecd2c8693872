import type { Cursor } from '../../schema/cursor/cursor.ts';
import { decodeCursor } from '../../schema/cursor/decode.ts';
import { encodeCursor } from '../../schema/cursor/encode.ts';
import { covers, laterOf, nextOffset, type Position } from '../../schema/position.ts';
import { cursorOf, encodeStamp, type RingEntry } from './event.ts';
import type { Ring } from './ring.ts';

/** Where a client that brings a cursor goes on in a ring: it skips below `own`. */
export interface JoinPlace {
  readonly index: number;
  readonly own: Position;
}

/** The place from which a ring holds everything since the cursor (S14); null: there is none. */
export const chooseJoin = (cursor: Cursor, { oldestJoin: point, head }: Ring): JoinPlace | null =>
  point !== null &&
  head !== null &&
  servesFrom(decodeCursor(point.cursor), cursor) &&
  sameEpochs(decodeCursor(head), cursor)
    ? { index: point.index, own: cursor.position }
    : null;

/**
 * True when who brings `cursor` can take what followed `start` and skip what it has. Another cluster, topic or filter, or
 * an unfinished snapshot, is for the subgraph to judge (S8, S11, S12).
 */
export const servesFrom = (start: Cursor, cursor: Cursor): boolean =>
  start.snapshotUntil === null &&
  cursor.snapshotUntil === null &&
  sameStream(start, cursor) &&
  start.filterHash === cursor.filterHash &&
  covers(cursor.position, start.position);

/** Records of another leader epoch may have been truncated, and others lie at their offsets now: the subgraph asks Kafka (S11). */
export const sameEpochs = (a: Cursor, b: Cursor): boolean =>
  a.epochs.every((epoch, partition) => {
    const other = b.epochs[partition] ?? -1;
    return epoch < 0 || other < 0 || epoch === other;
  });

const sameStream = (a: Cursor, b: Cursor): boolean => a.clusterId === b.clusterId && a.topicId === b.topicId;

/** The position that a client has reached by a private upstream which began at `from` and said `reached` at its end. */
export const reachedBy = (from: Cursor | null, reached: Cursor): Position =>
  from !== null && sameStream(from, reached) ? laterOf(from.position, reached.position) : reached.position;

/** True when a client at `own` has everything that lies before the point where the shared stream stood. */
export const closesTheGap = (own: Position, until: string): boolean =>
  covers(own, decodeCursor(until).position);

/** RESET begins a snapshot, so its cursor is one of an unfinished snapshot; UP_TO_DATE, without a record too, ends one. */
export const isReset = (entry: RingEntry): boolean =>
  entry.at === null && (cursorOf(entry)?.snapshotUntil ?? null) !== null;

/** A cursor of one client, and the bytes that stand in place of the shared stamp. */
export interface OwnStamp {
  readonly cursor: string;
  readonly stamp: Buffer;
}

/**
 * A client between its own position and the shared stream's. It skips what it has, and its cursors are the later of the
 * two positions, so that none goes backwards. It is over as soon as the shared stream has passed the client's position.
 */
export class Transition {
  #own: Position;
  #over = false;

  constructor(own: Position) {
    this.#own = own;
  }

  get over(): boolean {
    return this.#over;
  }

  /** True while the client has something that lies beyond a shared position. */
  isAheadOf(shared: Position): boolean {
    return !this.#over && !covers(shared, this.#own);
  }

  /** SKIP: the client has it. SHARED: the shared bytes are right. Else the client's own cursor behind the event. */
  pass(entry: RingEntry): 'SKIP' | 'SHARED' | OwnStamp {
    const cursor = cursorOf(entry);
    if (this.#over || cursor === null || isReset(entry)) {
      // A RESET or a gap begins anew, and what follows it may lie at any offset.
      this.#over = true;
      return 'SHARED';
    }
    if (entry.at !== null && entry.at[1] < nextOffset(this.#own, entry.at[0])) return 'SKIP';
    const merged = this.#merged(cursor);
    return merged === null ? 'SHARED' : { cursor: merged, stamp: encodeStamp(entry.at, merged) };
  }

  /** The client's cursor when it has everything up to the shared cursor. */
  cursorAt(shared: string): string {
    return this.#over ? shared : (this.#merged(decodeCursor(shared)) ?? shared);
  }

  /** The later of the client's position and the shared one; null when that is the shared one. */
  #merged(cursor: Cursor): string | null {
    if (covers(cursor.position, this.#own)) {
      this.#over = true;
      return null;
    }
    this.#own = laterOf(this.#own, cursor.position);
    return encodeCursor({ ...cursor, position: this.#own });
  }
}
