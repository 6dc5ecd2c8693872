import type { Position } from '../../../schema/position.ts';
import { nextOffset } from '../../../schema/position.ts';
import type { Delivery, StreamEvent } from '../stream/event.ts';
import type { BoundFilter } from '../stream/filter.ts';
import { selector } from '../stream/stream.ts';
import type { Sent } from './sent.ts';
import { WakeUp } from './wake-up.ts';

export interface SeatOptions {
  readonly filters: readonly BoundFilter[];
  /** The client has everything below it. */
  readonly from: Position;
  /** Exclusive end of a bounded operation. */
  readonly until: Position | null;
}

/** What the seat tells its side fetch. */
export interface SeatHost {
  /** The client has taken what was there. */
  taken(): void;
  left(seat: SideFetchSeat): void;
}

/** Where the side fetch left the client, or why it ended. */
type SeatEnd = { readonly reached: Position } | { readonly error: unknown };

/** An event that waits to be taken, with where the side fetch stood when it came. */
interface Due {
  readonly delivery: Delivery;
  readonly partition: number;
  readonly offset: number;
  readonly reached: Position;
  readonly chunk: number;
}

/**
 * One client's place in a side fetch: what matches it waits here until it is taken. Cursors are the client's own, since
 * it may have joined from beyond the fetch's beginning, and may end before it.
 */
export class SideFetchSeat {
  readonly from: Position;
  readonly until: Position | null;
  readonly filters: readonly BoundFilter[];
  /** When the client last took something, milliseconds since 1970. */
  takenAt = Date.now();
  readonly #select: (event: StreamEvent) => Delivery | null;
  #host: SeatHost | null = null;
  #due: Due[] = [];
  #end: SeatEnd | null = null;
  readonly #wakeUp = new WakeUp();

  constructor({ filters, from, until }: SeatOptions) {
    this.filters = filters;
    this.from = from;
    this.until = until;
    this.#select = selector(false, filters);
  }

  // For the client

  /**
   * All that is there, waiting for the first; null when nothing more comes: then `position` says where to go on.
   * Rejects with the error that ended the fetch, behind what came before it.
   */
  async take(signal: AbortSignal): Promise<readonly Sent[] | null> {
    while (!signal.aborted) {
      if (this.#due.length > 0) return this.#takeAll();
      if (this.#end !== null) {
        if ('error' in this.#end) throw this.#end.error;
        return null;
      }
      await this.#wakeUp.wait(signal);
    }
    return null;
  }

  /** Where the client goes on; to be asked when `take` has returned null. */
  get position(): Position {
    return this.#end !== null && 'reached' in this.#end ? this.#clientPosition(this.#end.reached) : this.from;
  }

  leave(): void {
    this.#due = [];
    this.#host?.left(this);
    this.#host = null;
  }

  // For the side fetch

  seat(host: SeatHost): void {
    this.#host = host;
  }

  offer(event: StreamEvent, reached: Position, chunk: number): void {
    const { partition, offset } = event;
    if (offset < nextOffset(this.from, partition)) return;
    if (this.until !== null && offset >= nextOffset(this.until, partition)) return;
    const delivery = this.#select(event);
    if (delivery === null) return;
    // An idle client is not behind because of what came a moment ago.
    if (this.#due.length === 0) this.takenAt = Date.now();
    this.#due.push({ delivery, partition, offset, reached, chunk });
    this.#wakeUp.call();
  }

  /** It has not yet taken something that came before `chunk`. */
  isBehind(chunk: number): boolean {
    const oldest = this.#due[0];
    return oldest !== undefined && oldest.chunk < chunk;
  }

  /** The fetch brings it no further than `reached`; what waits is still taken. */
  finish(reached: Position): void {
    this.#endWith({ reached });
  }

  /** The client is too slow for the others: what it has not taken is dropped, and is read again from there. */
  detach(reached: Position): void {
    const [first] = this.#due;
    this.#due = [];
    this.#endWith({
      reached: first === undefined ? reached : withOffset(first.reached, first.partition, first.offset),
    });
  }

  fail(error: unknown): void {
    this.#endWith({ error });
  }

  #endWith(end: SeatEnd): void {
    this.#host = null;
    this.#end ??= end;
    this.#wakeUp.call();
  }

  #takeAll(): readonly Sent[] {
    const taken = this.#due;
    this.#due = [];
    this.takenAt = Date.now();
    this.#host?.taken();
    return taken.map(({ delivery, partition, offset, reached }) => ({
      delivery,
      position: this.#clientPosition(withOffset(reached, partition, offset + 1)),
      snapshotUntil: null,
    }));
  }

  /** Never before where the client began, and never beyond where it ends: it was not given what lies there. */
  #clientPosition(reached: Position): Position {
    const { from, until } = this;
    return Array.from({ length: Math.max(from.length, reached.length) }, (_, partition) => {
      const next = nextOffset(reached, partition);
      const bounded = until === null ? next : Math.min(next, nextOffset(until, partition));
      return Math.max(nextOffset(from, partition), bounded);
    });
  }
}

/** `position`, but with `next` in one partition, also where that is less. */
const withOffset = (position: Position, partition: number, next: number): Position =>
  Array.from({ length: Math.max(position.length, partition + 1) }, (_, index) =>
    index === partition ? next : nextOffset(position, index),
  );
