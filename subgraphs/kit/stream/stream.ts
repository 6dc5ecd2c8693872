import type { Position } from '../../../schema/position.ts';
import { covers, nextOffset } from '../../../schema/position.ts';
import type { Delivery, StreamEvent } from './event.ts';
import { type BoundFilter, compileFilters, deliverChange, deliverEvent } from './filter.ts';
import { FilterIndex } from './filter-index.ts';
import { Window, type WindowLimits, type WindowPiece } from './window.ts';

/** Offsets of a partition that retention removed before they were read: `from` ≤ offset < `until`. */
export interface LostRange {
  readonly partition: number;
  readonly from: number;
  readonly until: number;
}

export interface Subscriber {
  /** As changes, with deletes (S3), or as plain events. */
  readonly change: boolean;
  readonly filters: readonly BoundFilter[];
  /** Called in the turn of the publication; must not throw. `position` is behind the event. */
  deliver(delivery: Delivery, position: Position): void;
  /** Called in the turn of `skip`; must not throw. */
  missed(range: LostRange): void;
}

interface Entry extends Subscriber {
  readonly select: (event: StreamEvent) => Delivery | null;
}

/** What happens on a topic, published to those whose filter it meets; the recent past is kept in a window (S22). */
export class Stream {
  readonly #window: Window;
  readonly #index = new FilterIndex<Entry>();
  readonly #waiting = new Set<() => void>();
  readonly #next: number[];
  #position: Position | null = null;
  #offers = 0;

  constructor(options: { readonly start: Position; readonly window?: WindowLimits }) {
    this.#next = [...options.start];
    this.#window = new Window(options.start, options.window);
  }

  /** Everything below it has been published. A new array after each change, so it may be kept. */
  get position(): Position {
    this.#position ??= [...this.#next];
    return this.#position;
  }

  /** Times that an event was offered to a subscriber: what the index leaves over, which must not grow with the others. */
  get offers(): number {
    return this.#offers;
  }

  publish(partition: number, events: readonly StreamEvent[], next: number): void {
    const now = Date.now();
    for (const event of events) {
      this.#advance(partition, event.offset + 1);
      this.#window.push(event, now);
      if (!this.#index.isEmpty) this.#dispatch(event);
    }
    this.#advance(partition, next);
    this.#window.evict(now);
    for (const check of this.#waiting) check();
  }

  /** The records up to `next` cannot be read any more: whoever needs them is told (S11). */
  skip(partition: number, next: number): void {
    const from = nextOffset(this.position, partition);
    this.#window.skip(partition, next);
    this.#advance(partition, next);
    this.#index.all((entry) => entry.missed({ partition, from, until: next }));
    for (const check of this.#waiting) check();
  }

  /** Delivers what is published from now on. Returns the way to end it. */
  subscribe(subscriber: Subscriber): () => void {
    const entry: Entry = {
      change: subscriber.change,
      filters: subscriber.filters,
      deliver: (delivery, position) => subscriber.deliver(delivery, position),
      missed: (range) => subscriber.missed(range),
      select: selector(subscriber.change, subscriber.filters),
    };
    this.#index.add(entry.filters, entry);
    return () => this.#index.remove(entry.filters, entry);
  }

  holdsFrom(position: Position): boolean {
    return this.#window.holdsFrom(position);
  }

  /** Drops what is older than the window holds; for quiet topics, which publish nothing that would. */
  trim(): void {
    this.#window.evict(Date.now());
  }

  /** What was published at or behind a position, in pieces: all at once may be 64 MB of records. See `Window.piece`. */
  recent(position: Position, place: number, limit: number): WindowPiece {
    return this.#window.piece(position, place, limit);
  }

  /** Resolves true when the position covers `target`, false when the time is over or the signal aborts. */
  reaches(target: Position, timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
    if (covers(this.position, target)) return Promise.resolve(true);
    if (signal?.aborted === true) return Promise.resolve(false);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const check = (): void => {
      if (covers(this.position, target)) settle(true);
    };
    const giveUp = (): void => settle(false);
    const timer = setTimeout(giveUp, timeoutMs);
    const settle = (reached: boolean): void => {
      clearTimeout(timer);
      this.#waiting.delete(check);
      signal?.removeEventListener('abort', giveUp);
      resolve(reached);
    };
    this.#waiting.add(check);
    signal?.addEventListener('abort', giveUp, { once: true });
    return promise;
  }

  #advance(partition: number, next: number): void {
    for (let index = this.#next.length; index < partition; index++) this.#next[index] = 0;
    this.#next[partition] = Math.max(this.#next[partition] ?? 0, next);
    this.#position = null;
  }

  #dispatch(event: StreamEvent): void {
    const offer = (entry: Entry): void => {
      this.#offers += 1;
      const delivery = entry.select(event);
      if (delivery !== null) entry.deliver(delivery, this.position);
    };
    if (event.oldUnreadable) this.#index.all(offer);
    else this.#index.candidates(event.row, event.old, offer);
  }
}

/** How events become deliveries for these filters; what catch-up uses too. */
export const selector = (
  change: boolean,
  filters: readonly BoundFilter[],
): ((event: StreamEvent) => Delivery | null) => {
  const matches = compileFilters(filters);
  const unfiltered = filters.length === 0;
  return change
    ? (event) => deliverChange(event, matches, unfiltered)
    : (event) => deliverEvent(event, matches);
};
