import type { Position } from '../../../schema/position.ts';
import { covers, nextOffset } from '../../../schema/position.ts';
import type { ChangeKind, Delivery } from '../stream/event.ts';
import { type BoundFilter, compileFilters } from '../stream/filter.ts';
import type { TopicSource } from '../topic-source.ts';
import type { StoredRow, View } from '../view/view.ts';
import type { Sent } from './sent.ts';
import type { SharedPages } from './shared-pages.ts';
import { type Start, waitUntilReached } from './start.ts';

export interface ChangeCatchUp {
  readonly source: TopicSource;
  readonly view: View;
  readonly pages: SharedPages;
  readonly start: Start;
  readonly filters: readonly BoundFilter[];
  readonly signal: AbortSignal;
}

/**
 * Brings the latest state of every key that changed since the start, from the view and without Kafka (S4), each
 * partition in the order of its offsets. Begun at 0, that is the snapshot: a row that changes meanwhile moves behind
 * the scan and is met there (docs/decisions/0007). Ends with UP_TO_DATE, and returns a position that the stream has
 * published and from which the window goes on. A view is read a moment before the stream publishes what it holds, so
 * the end waits for the stream: without that, events would come twice and cursors go backwards.
 */
export async function* catchUpChanges(catchUp: ChangeCatchUp): AsyncGenerator<readonly Sent[], Position> {
  const { source, start, signal } = catchUp;
  const scan: Scan = { next: [...start.from], snapshotUntil: start.snapshotUntil };
  const { next } = scan;
  // Deletes that came since the scan began may be of rows that it has sent: it is as old as its beginning (S11).
  const sentAt = (delivery: Delivery): Sent => ({
    delivery,
    position: [...next],
    snapshotUntil: scan.snapshotUntil,
    time: start.time,
  });
  if (start.reset) yield [sentAt(control('RESET'))];
  // While an event is being taken the window may move past the scan, also behind UP_TO_DATE: then once more.
  do {
    do {
      for (let partition = 0; partition < partitionsOf(catchUp) && !signal.aborted; partition++) {
        yield* scanPartition(catchUp, scan, partition, sentAt);
      }
      if (start.until === null && !signal.aborted) await waitUntilReached(source, next, signal);
    } while (!signal.aborted && !isDone(catchUp, next));
    if (signal.aborted) return next;
    yield [upToDate(catchUp, next)];
  } while (!isDone(catchUp, next));
  return next;
}

/** Also those of which a shared store has lost all rows: asked for them, it says so, and the scan does not wait for ever. */
const partitionsOf = ({ source, view }: ChangeCatchUp): number =>
  Math.max(source.stream.position.length, view.position.length);

const isDone = ({ source, start }: ChangeCatchUp, next: Position): boolean =>
  start.until === null
    ? covers(source.stream.position, next) && source.stream.holdsFrom(next)
    : covers(next, start.until);

/** The window holds what follows, so it is of now; of a bounded operation nobody knows how long the scan took. */
const upToDate = ({ start }: ChangeCatchUp, next: Position): Sent => ({
  delivery: control('UP_TO_DATE'),
  position: [...next],
  snapshotUntil: null,
  ...(start.until !== null && { time: start.time }),
});

interface Scan {
  /** Where it stands, partition by partition. */
  readonly next: number[];
  /**
   * Rows below it are rows of the snapshot. It is never beyond what a page showed, for a page may have been read before the
   * snapshot began, or by a replica that was behind: a row of such a page that was deleted later has to be told.
   */
  snapshotUntil: Position | null;
}

async function* scanPartition(
  { pages, filters, signal }: ChangeCatchUp,
  scan: Scan,
  partition: number,
  sentAt: (delivery: Delivery) => Sent,
): AsyncGenerator<readonly Sent[], void> {
  const toDelivery = rowDelivery(filters);
  const { next } = scan;
  for (;;) {
    const page = await pages.page(partition, nextOffset(next, partition));
    if (signal.aborted) return;
    if (scan.snapshotUntil !== null && nextOffset(scan.snapshotUntil, partition) > page.readTo)
      scan.snapshotUntil = scan.snapshotUntil.with(partition, page.readTo);
    const sent: Sent[] = [];
    for (const row of page.rows) {
      next[partition] = row.offset + 1;
      const isSnapshot =
        scan.snapshotUntil !== null && row.offset < nextOffset(scan.snapshotUntil, partition);
      const delivery = toDelivery(row, isSnapshot);
      if (delivery !== null) sent.push(sentAt(delivery));
    }
    if (sent.length > 0) yield sent;
    next[partition] = page.next;
    if (page.isLast) return;
  }
}

const rowDelivery = (
  filters: readonly BoundFilter[],
): ((row: StoredRow, isSnapshot: boolean) => Delivery | null) => {
  const matches = compileFilters(filters);
  return (stored, isSnapshot) => {
    const unreadable = stored.state === 'UNREADABLE' && filters.length === 0;
    const row = stored.row !== null && matches(stored.row) ? stored.row : null;
    const isThere = unreadable || row !== null;
    // The client may hold it from before; in a snapshot there is no before.
    if (!isThere && isSnapshot) return null;
    const kind = !isThere ? 'DELETE' : isSnapshot ? 'SNAPSHOT' : 'UPSERT';
    return { kind, at: [stored.partition, stored.offset], key: stored.key, row, unreadable };
  };
};

const control = (kind: ChangeKind): Delivery => ({ kind, at: null, key: null, row: null, unreadable: false });
