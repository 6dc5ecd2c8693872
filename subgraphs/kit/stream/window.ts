import type { Position } from '../../../schema/position.ts';
import { covers, nextOffset } from '../../../schema/position.ts';
import type { StreamEvent } from './event.ts';

export interface WindowLimits {
  /** Bytes of records in Kafka's form; the oldest are dropped beyond it. */
  readonly bytes: number;
  readonly ageMs: number;
}

export interface WindowPiece {
  readonly events: readonly StreamEvent[];
  readonly place: number;
  /** Nothing was published behind these. */
  readonly last: boolean;
}

/** 60 s or 64 MB, whichever is less (S22). */
export const defaultWindow: WindowLimits = { bytes: 64 * 1024 * 1024, ageMs: 60_000 };

/** The most recent events of a topic in the order of their publication. Bounded; drops the oldest. */
export class Window {
  readonly #limits: WindowLimits;
  readonly #start: number[];
  /** Dropped ones are undefined, up to the head. */
  #events: ({ readonly event: StreamEvent; readonly publishedAt: number } | undefined)[] = [];
  #head = 0;
  /** Events that were cut off in front of `#events`: places count from the first event ever pushed. */
  #cut = 0;
  #bytes = 0;

  constructor(start: Position, limits: WindowLimits = defaultWindow) {
    this.#start = [...start];
    this.#limits = limits;
  }

  push(event: StreamEvent, now: number): void {
    this.#events.push({ event, publishedAt: now });
    this.#bytes += event.bytes;
    this.evict(now);
  }

  /** True when no event behind `position` has been dropped. */
  holdsFrom(position: Position): boolean {
    return covers(position, this.#start);
  }

  /**
   * Of the next `limit` events from `place` on, those at or behind `position`, and the place to go on from. Who begins at
   * place 0 takes, piece by piece, all of them in the order of their publication, as long as the window holds it.
   */
  piece(position: Position, place: number, limit: number): WindowPiece {
    const from = Math.max(this.#head, place - this.#cut);
    const until = Math.min(from + limit, this.#events.length);
    const events: StreamEvent[] = [];
    for (let index = from; index < until; index++) {
      const event = this.#events[index]?.event;
      if (event !== undefined && event.offset >= nextOffset(position, event.partition)) events.push(event);
    }
    return { events, place: until + this.#cut, last: until === this.#events.length };
  }

  /** What lies below `next` will never come. */
  skip(partition: number, next: number): void {
    this.#start[partition] = Math.max(nextOffset(this.#start, partition), next);
  }

  evict(now: number): void {
    for (let oldest = this.#events[this.#head]; oldest !== undefined; oldest = this.#events[this.#head]) {
      if (this.#bytes <= this.#limits.bytes && now - oldest.publishedAt <= this.#limits.ageMs) break;
      this.skip(oldest.event.partition, oldest.event.offset + 1);
      this.#bytes -= oldest.event.bytes;
      // What is left of the array until it is cut must not keep the records: a thousand of them may be a gigabyte.
      this.#events[this.#head] = undefined;
      this.#head++;
    }
    // Shifting an array costs its length: cut the dropped half off at once.
    if (this.#head > 1024 && this.#head * 2 > this.#events.length) {
      this.#events = this.#events.slice(this.#head);
      this.#cut += this.#head;
      this.#head = 0;
    }
  }

  get size(): number {
    return this.#events.length - this.#head;
  }
}
