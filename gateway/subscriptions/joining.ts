import type { Cursor } from '../../schema/cursor/cursor.ts';
import { decodeCursor } from '../../schema/cursor/decode.ts';
import { encodeCursor } from '../../schema/cursor/encode.ts';
import { covers, laterOf, nextOffset, type Position } from '../../schema/position.ts';
import { encodeStamp, type RecordPlace, type RingEntry } from './event.ts';
import type { JoinPoint, Ring } from './ring.ts';

/** How a client that brings a cursor comes to the shared stream (S14). */
export type Join =
  /** The ring holds everything since the cursor. */
  | { readonly kind: 'RING'; readonly index: number; readonly from: Cursor }
  /** A private upstream brings what lies between; the ring goes on from `index`, where it stood at `until`. */
  | { readonly kind: 'PRIVATE'; readonly index: number; readonly until: string };

/** Chooses the way. `head` is the cursor of the ring's end. */
export const chooseJoin = (cursor: Cursor, ring: Ring, head: string): Join => {
  const point = ring.oldestJoin;
  return point !== null && cursor.snapshotUntil === null && holdsAllSince(point, cursor)
    ? { kind: 'RING', index: point.index, from: cursor }
    : { kind: 'PRIVATE', index: ring.end, until: head };
};

/** Another cluster, topic or filter, or an unfinished snapshot, is for the subgraph to judge (S8, S11, S12). */
const holdsAllSince = (point: JoinPoint, cursor: Cursor): boolean => {
  const oldest = decodeCursor(point.cursor);
  return (
    sameStream(oldest, cursor) &&
    oldest.filterHash === cursor.filterHash &&
    covers(cursor.position, oldest.position)
  );
};

const sameStream = (a: Cursor, b: Cursor): boolean => a.clusterId === b.clusterId && a.topicId === b.topicId;

/** The position that a client has reached by a private upstream which began at `from` and said `reached` at its end. */
export const reachedBy = (from: Cursor | null, reached: Cursor): Position =>
  from !== null && sameStream(from, reached) ? laterOf(from.position, reached.position) : reached.position;

/** True when a client at `own` has everything that lies before the point where the shared stream stood. */
export const closesTheGap = (own: Position, until: string): boolean =>
  covers(own, decodeCursor(until).position);

/** RESET begins a snapshot, so its cursor is one of an unfinished snapshot; UP_TO_DATE, without a record too, ends one. */
const isReset = (at: RecordPlace | null, cursor: string): boolean =>
  at === null && decodeCursor(cursor).snapshotUntil !== null;

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

  /** SKIP: the client has it. SHARED: the shared bytes are right. Else the client's own cursor behind the event. */
  pass(entry: RingEntry): 'SKIP' | 'SHARED' | OwnStamp {
    if (this.#over || entry.cursor === null || isReset(entry.at, entry.cursor)) {
      // A RESET or a gap begins anew, and what follows it may lie at any offset.
      this.#over = true;
      return 'SHARED';
    }
    if (entry.at !== null && entry.at[1] < nextOffset(this.#own, entry.at[0])) return 'SKIP';
    const merged = this.cursorAt(entry.cursor);
    return merged === entry.cursor ? 'SHARED' : { cursor: merged, stamp: encodeStamp(entry.at, merged) };
  }

  /** The client's cursor when it has everything up to the shared cursor. */
  cursorAt(shared: string): string {
    if (this.#over) return shared;
    const cursor = decodeCursor(shared);
    if (covers(cursor.position, this.#own)) {
      this.#over = true;
      return shared;
    }
    this.#own = laterOf(this.#own, cursor.position);
    return encodeCursor({ ...cursor, position: this.#own });
  }
}
