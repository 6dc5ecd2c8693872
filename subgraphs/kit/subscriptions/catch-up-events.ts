import type { Position } from '../../../schema/position.ts';
import { advanced, covers, laterOf, nextOffset } from '../../../schema/position.ts';
import type { Delivery, StreamEvent } from '../stream/event.ts';
import type { BoundFilter } from '../stream/filter.ts';
import { selector } from '../stream/stream.ts';
import type { TopicSource } from '../topic-source.ts';
import type { Sent } from './sent.ts';
import type { SideFetches } from './side-fetches.ts';
import type { Start } from './start.ts';

export interface CatchUp {
  readonly source: TopicSource;
  readonly start: Start;
  readonly filters: readonly BoundFilter[];
  readonly sideFetches: SideFetches;
  /** Rejects with CURSOR_EXPIRED when Kafka no longer holds what follows a position (S11). */
  readonly refuseExpired: (position: Position) => Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * Brings what an event stream published between the start and the window, by side fetches from Kafka that clients share
 * (S22). Returns the position that it reached: the end of a bounded operation, else one from which the window goes on.
 */
export async function* catchUpEvents(catchUp: CatchUp): AsyncGenerator<readonly Sent[], Position> {
  const { source, start, filters, signal } = catchUp;
  const window = { source, select: selector(false, filters) };
  let next = start.from;
  let place = 0;
  for (let fetches = 0; !signal.aborted; ) {
    if (start.until !== null && covers(next, start.until)) break;
    if (!source.stream.holdsFrom(next)) {
      // A slow client loses its side fetch, or falls out of the window again: then once more, from where it is.
      if (fetches++ > 0) await catchUp.refuseExpired(next);
      next = yield* fromSideFetch(catchUp, next);
      continue;
    }
    if (start.until === null) break;
    const piece = recentSent(window, next, place, start.until);
    if (piece.sent.length > 0) yield piece.sent;
    next = piece.last ? laterOf(piece.position, start.until) : piece.position;
    place = piece.place;
  }
  return next;
}

async function* fromSideFetch(
  { source, start, filters, sideFetches, signal }: CatchUp,
  from: Position,
): AsyncGenerator<readonly Sent[], Position> {
  const seat = await sideFetches.join(source, { filters, from, until: start.until }, signal);
  try {
    for (let sent = await seat.take(signal); sent !== null; sent = await seat.take(signal)) yield sent;
    return seat.position;
  } finally {
    seat.leave();
  }
}

/** Events of the window that are looked at in one turn of the loop. */
const pieceEvents = 1_000;

export interface RecentPiece {
  readonly sent: readonly Sent[];
  /** Behind the piece. */
  readonly position: Position;
  /** Of the next piece. */
  readonly place: number;
  /** Nothing was published behind it. */
  readonly last: boolean;
}

export interface RecentOf {
  readonly source: TopicSource;
  readonly select: (event: StreamEvent) => Delivery | null;
}

/** What the window holds at or behind `from`, and before `until` where there is one: the piece at `place`. */
export const recentSent = (
  { source, select }: RecentOf,
  from: Position,
  place: number,
  until: Position | null,
): RecentPiece => {
  const piece = source.stream.recent(from, place, pieceEvents);
  let position = from;
  const sent: Sent[] = [];
  for (const event of piece.events) {
    if (until !== null && event.offset >= nextOffset(until, event.partition)) continue;
    position = advanced(position, event.partition, event.offset + 1);
    const delivery = select(event);
    if (delivery !== null) sent.push({ delivery, position, snapshotUntil: null });
  }
  return { sent, position, place: piece.place, last: piece.last };
};
