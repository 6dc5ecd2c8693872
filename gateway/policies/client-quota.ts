import type { GatewayLimits } from '../limits.ts';
import type { SubscriptionCounters } from '../subscriptions/counters.ts';
import type { Outlet } from '../subscriptions/subscriber.ts';
import { Slots } from '../subscriptions/upstream/slots.ts';

const minuteMs = 60_000;

/**
 * What one client, which is a websocket or an HTTP stream, may have of catch-ups (S29): so many at once, and so many bytes a
 * minute. Policy: wait. Nobody is refused, since a catch-up that is read slowly loses nothing.
 */
export class ClientQuota {
  readonly #bytesPerMs: number;
  readonly #burst: number;
  readonly #counters: SubscriptionCounters;
  readonly #catchUps: number;
  /** Made when they are needed: most clients never catch up, and there are thousands of them. */
  #places: Slots | null = null;
  #waiting: Set<Outlet> | null = null;
  /** Bytes that may be taken at once, as of `#filledAt`; below 0 by an event larger than what was left. */
  #bytes: number;
  #filledAt = performance.now();
  #timer: NodeJS.Timeout | null = null;

  constructor(limits: GatewayLimits, counters: SubscriptionCounters) {
    this.#burst = limits.replayBytesPerMinute;
    this.#bytesPerMs = limits.replayBytesPerMinute / minuteMs;
    this.#bytes = this.#burst;
    this.#counters = counters;
    this.#catchUps = limits.catchUpsPerClient;
  }

  /** Calls `turn` when the client may catch up with one more operation. The returned function gives the place back. */
  takePlace(turn: () => void): () => void {
    let isTurn = false;
    this.#places ??= new Slots(this.#catchUps, null);
    const release = this.#places.take(() => {
      isTurn = true;
      turn();
    });
    if (!isTurn) this.#counters.catchUpsQueued += 1;
    return release;
  }

  /** True when an event may be taken; else the outlet is woken as soon as one may. */
  mayReplay(outlet: Outlet): boolean {
    this.#fill();
    if (this.#bytes > 0) return true;
    this.#waiting ??= new Set();
    this.#waiting.add(outlet);
    if (this.#timer !== null) return false;
    this.#counters.replaysSlowed += 1;
    this.#timer = setTimeout(() => this.#wakeAll(), Math.ceil((1 - this.#bytes) / this.#bytesPerMs)).unref();
    return false;
  }

  /** True from a `mayReplay` that said no until it wakes. */
  holdsBack(outlet: Outlet): boolean {
    return this.#waiting?.has(outlet) === true;
  }

  /** Counts an event that was taken. */
  replayed(bytes: number): void {
    this.#bytes -= bytes;
    this.#counters.replayedBytes += bytes;
  }

  #fill(): void {
    const now = performance.now();
    this.#bytes = Math.min(this.#burst, this.#bytes + (now - this.#filledAt) * this.#bytesPerMs);
    this.#filledAt = now;
  }

  #wakeAll(): void {
    this.#timer = null;
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    for (const outlet of waiting) outlet.wake();
  }
}
