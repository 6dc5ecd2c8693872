import type { Position } from '../../../schema/position.ts';
import { covers, nextOffset } from '../../../schema/position.ts';
import type { StreamEvent } from './event.ts';

export interface WindowLimits {
  /** Bytes of records in Kafka's form; the oldest are dropped beyond it. */
  readonly bytes: number;
  readonly ageMs: number;
}

/** 60 s or 64 MB, whichever is less (S22). */
export const defaultWindow: WindowLimits = { bytes: 64 * 1024 * 1024, ageMs: 60_000 };

/** The most recent events of a topic in the order of their publication. Bounded; drops the oldest. */
export class Window {
  readonly #limits: WindowLimits;
  readonly #start: number[];
  #events: { readonly event: StreamEvent; readonly publishedAt: number }[] = [];
  #head = 0;
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

  /** The events at or behind `position`, in the order of their publication. */
  *after(position: Position): Generator<StreamEvent> {
    for (let index = this.#head; index < this.#events.length; index++) {
      const held = this.#events[index];
      if (held !== undefined && held.event.offset >= nextOffset(position, held.event.partition))
        yield held.event;
    }
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
      this.#head++;
    }
    // Shifting an array costs its length: cut the dropped half off at once.
    if (this.#head > 1024 && this.#head * 2 > this.#events.length) {
      this.#events = this.#events.slice(this.#head);
      this.#head = 0;
    }
  }

  get size(): number {
    return this.#events.length - this.#head;
  }
}
