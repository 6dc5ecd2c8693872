import type { Exchange } from './exchange.ts';

/**
 * Ends exchanges that are late. All have the same time, so they are due in their order, and one timer does for all: one for
 * each would cost a small request a fiftieth of its time.
 */
export class Deadlines {
  readonly #open = new Set<Exchange>();
  readonly #late: (exchange: Exchange) => Error;
  #timer: NodeJS.Timeout | null = null;

  /** `late` makes what an exchange rejects with. */
  constructor(late: (exchange: Exchange) => Error) {
    this.#late = late;
  }

  /** Exchanges that have not ended. */
  get open(): ReadonlySet<Exchange> {
    return this.#open;
  }

  /** Its deadline is behind those of all others. */
  add(exchange: Exchange): void {
    this.#open.add(exchange);
    if (this.#timer === null) this.#wait(exchange);
  }

  delete(exchange: Exchange): void {
    this.#open.delete(exchange);
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #wait({ deadline }: Exchange): void {
    const ms = Math.max(1, Math.ceil(deadline - performance.now()));
    // What is under way has a socket, which keeps the process.
    this.#timer = setTimeout(() => this.#look(), ms).unref();
  }

  #look(): void {
    this.#timer = null;
    const now = performance.now();
    for (const exchange of this.#open) {
      if (exchange.deadline > now) {
        this.#wait(exchange);
        return;
      }
      exchange.end(this.#late(exchange));
    }
  }
}
