import type { Position } from '../../../schema/position.ts';
import { advanced, covers, laterOf, nextOffset } from '../../../schema/position.ts';
import { asEvent, type Delivery, type StreamEvent } from '../stream/event.ts';
import type { TopicSource } from '../topic-source.ts';
import type { Sent } from './sent.ts';
import type { Start } from './start.ts';

export interface CatchUp {
  readonly source: TopicSource;
  readonly start: Start;
  readonly select: (event: StreamEvent) => Delivery | null;
  readonly signal: AbortSignal;
}

/**
 * Brings what an event stream published between the start and the window, by side fetches from Kafka (S22).
 * Returns the position that it reached: the end of a bounded operation, else one from which the window goes on.
 */
export async function* catchUpEvents(catchUp: CatchUp): AsyncGenerator<readonly Sent[], Position> {
  const { source, start, signal } = catchUp;
  let next = start.from;
  // A slow client may fall out of the window while it catches up: then once more, from where it is.
  while (!source.stream.holdsFrom(next) && !signal.aborted) {
    const target = start.until ?? source.stream.position;
    next = yield* readTo(catchUp, next, target);
    if (start.until !== null) return next;
  }
  if (start.until === null) return next;
  const sent = recentSent(catchUp, next, start.until);
  if (sent.length > 0) yield sent;
  return laterOf(next, start.until);
}

async function* readTo(
  catchUp: CatchUp,
  from: Position,
  target: Position,
): AsyncGenerator<readonly Sent[], Position> {
  const { source, select, signal } = catchUp;
  let next = from;
  for await (const batch of source.topic.readRange(from, target, signal)) {
    const end = nextOffset(target, batch.partition);
    const sent: Sent[] = [];
    for (const record of source.decode(batch)) {
      if (record.offset >= end) break;
      next = advanced(next, record.partition, record.offset + 1);
      const delivery = select(asEvent(record));
      if (delivery !== null) sent.push({ delivery, position: next, snapshotUntil: null });
    }
    next = advanced(next, batch.partition, Math.min(batch.next, end));
    if (sent.length > 0) yield sent;
    if (covers(next, target)) break;
  }
  return laterOf(next, target);
}

/** What the window holds at or behind `from`, and before `until` where there is one; in one turn of the loop. */
export const recentSent = (
  { source, select }: Pick<CatchUp, 'source' | 'select'>,
  from: Position,
  until: Position | null,
): readonly Sent[] => {
  let position = from;
  const sent: Sent[] = [];
  for (const event of source.stream.recent(from)) {
    if (until !== null && event.offset >= nextOffset(until, event.partition)) continue;
    position = advanced(position, event.partition, event.offset + 1);
    const delivery = select(event);
    if (delivery !== null) sent.push({ delivery, position, snapshotUntil: null });
  }
  return sent;
};
