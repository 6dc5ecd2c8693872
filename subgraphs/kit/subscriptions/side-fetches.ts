import { TributaryError } from '../../../schema/errors.ts';
import type { TopicSource } from '../topic-source.ts';
import type { CatchUpLimits } from './limits.ts';
import { SideFetch } from './side-fetch.ts';
import { type SeatOptions, SideFetchSeat } from './side-fetch-seat.ts';

interface Waiting {
  readonly source: TopicSource;
  readonly seat: SideFetchSeat;
  readonly seated: () => void;
}

export interface SideFetchCounters {
  /** Side fetches since the start of the process, and those that run. */
  readonly opened: number;
  readonly running: number;
  /** Clients in side fetches, and those that wait for one. */
  readonly clients: number;
  readonly waiting: number;
  /** Since the start: clients that were served, that were too slow for the others, that were told to come again. */
  readonly joined: number;
  readonly detached: number;
  readonly refused: number;
}

/** The side fetches of a process (S22): clients that come at once share one a topic, and only so many run at once. */
export class SideFetches {
  readonly #limits: CatchUpLimits;
  readonly #running = new Set<SideFetch>();
  #waiting: Waiting[] = [];
  #gathering: { readonly timer: NodeJS.Timeout; readonly since: number } | null = null;
  readonly #counts = { opened: 0, joined: 0, detached: 0, refused: 0 };

  constructor(limits: CatchUpLimits) {
    this.#limits = limits;
  }

  get counters(): SideFetchCounters {
    let clients = 0;
    for (const fetch of this.#running) clients += fetch.clients;
    return { ...this.#counts, running: this.#running.size, clients, waiting: this.#waiting.length };
  }

  /**
   * A place in a side fetch of the topic: in one that is still before `from`, else in one that begins there or lower.
   * Rejects with NOT_YET when none is free in time, or too many wait.
   */
  async join(source: TopicSource, options: SeatOptions, signal: AbortSignal): Promise<SideFetchSeat> {
    const seat = new SideFetchSeat(options);
    const near = this.#nearest(source, seat);
    if (near !== null && near.distance <= this.#limits.nearRecords) near.fetch.add(seat);
    else await this.#wait(source, seat, signal);
    this.#counts.joined++;
    return seat;
  }

  async #wait(source: TopicSource, seat: SideFetchSeat, signal: AbortSignal): Promise<void> {
    if (this.#waiting.length >= this.#limits.queueLength) throw this.#refusal(source);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const waiting: Waiting = { source, seat, seated: () => resolve(true) };
    const giveUp = (): void => resolve(false);
    const timer = setTimeout(giveUp, this.#limits.queueMs);
    signal.addEventListener('abort', giveUp, { once: true });
    this.#waiting.push(waiting);
    this.#gather();
    try {
      if (await promise) return;
      this.#waiting = this.#waiting.filter((one) => one !== waiting);
      if (!signal.aborted) throw this.#refusal(source);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
    }
  }

  #gather(): void {
    const { gatherMs, gatherMostMs } = this.#limits;
    if (this.#gathering === null) {
      this.#gathering = { timer: setTimeout(() => this.#seatAll(), gatherMs), since: Date.now() };
    } else if (Date.now() - this.#gathering.since < gatherMostMs - gatherMs) this.#gathering.timer.refresh();
  }

  /** Seats all that it can, the lowest first, so that those above it find its side fetch. */
  #seatAll(): void {
    clearTimeout(this.#gathering?.timer);
    this.#gathering = null;
    const ordered = this.#waiting
      .map((one) => ({ one, total: one.seat.from.reduce((sum, next) => sum + next, 0) }))
      .sort((a, b) => a.total - b.total);
    this.#waiting = ordered.flatMap(({ one }) => (this.#seat(one) ? [] : [one]));
    for (const fetch of this.#running) fetch.start();
  }

  #seat({ source, seat, seated }: Waiting): boolean {
    const near = this.#nearest(source, seat);
    const isFull = this.#running.size >= this.#limits.sideFetches;
    if (near !== null && (isFull || near.distance <= this.#limits.nearRecords)) near.fetch.add(seat);
    else if (isFull) return false;
    else this.#open(source).add(seat);
    seated();
    return true;
  }

  #nearest(source: TopicSource, { from }: SideFetchSeat): { fetch: SideFetch; distance: number } | null {
    let nearest: { fetch: SideFetch; distance: number } | null = null;
    for (const fetch of this.#running) {
      const distance = fetch.source === source ? fetch.distanceTo(from) : null;
      if (distance !== null && (nearest === null || distance < nearest.distance))
        nearest = { fetch, distance };
    }
    return nearest;
  }

  #open(source: TopicSource): SideFetch {
    this.#counts.opened++;
    const fetch: SideFetch = new SideFetch({
      source,
      limits: this.#limits,
      wanted: () => this.#waiting.length > 0 && this.#running.size >= this.#limits.sideFetches,
      onDetached: () => this.#counts.detached++,
      onEnd: () => {
        this.#running.delete(fetch);
        if (this.#waiting.length > 0 && this.#gathering === null) this.#seatAll();
      },
    });
    this.#running.add(fetch);
    return fetch;
  }

  #refusal(source: TopicSource): TributaryError {
    this.#counts.refused++;
    return new TributaryError(
      'NOT_YET',
      `Too many clients read the past of "${source.topic.name}" at once. Try again.`,
    );
  }
}
