import { setTimeout as sleep } from 'node:timers/promises';

/** Growing pauses between attempts: doubled each time up to the cap, with jitter so that processes do not come back in step. */
export class Backoff {
  readonly #firstMs: number;
  readonly #capMs: number;
  #attempt = 0;

  constructor(firstMs = 100, capMs = 5_000) {
    this.#firstMs = firstMs;
    this.#capMs = capMs;
  }

  succeeded(): void {
    this.#attempt = 0;
  }

  /** Waits for the next attempt; returns at once when the signal aborts. */
  async pause(signal: AbortSignal): Promise<void> {
    const full = Math.min(this.#capMs, this.#firstMs * 2 ** this.#attempt);
    this.#attempt = Math.min(this.#attempt + 1, 16);
    await sleep(full / 2 + Math.random() * (full / 2), undefined, { signal }).catch(() => undefined);
  }
}
