/**
 * Pauses between attempts: 100 ms, doubled each time up to `maximumMs`, each shortened at random by up to half, so that
 * the clients of a peer that comes back do not all come at once.
 */
export class Backoff {
  readonly #maximumMs: number;
  #attempts = 0;

  constructor(maximumMs: number) {
    this.#maximumMs = maximumMs;
  }

  /** Milliseconds to wait before the next attempt. */
  next(): number {
    const full = Math.min(this.#maximumMs, 100 * 2 ** Math.min(this.#attempts, 20));
    this.#attempts += 1;
    return full * (1 - Math.random() / 2);
  }

  reset(): void {
    this.#attempts = 0;
  }
}
