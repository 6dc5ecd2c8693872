import type { Logger } from 'pino';

/** What is broken now, by part. An outage begins with the first broken part and ends with the last; both are logged once. */
export class Outages {
  readonly #broken = new Set<string>();
  readonly #log: Logger | undefined;
  readonly #what: string;
  #since = 0;

  constructor(what: string, log: Logger | undefined) {
    this.#what = what;
    this.#log = log;
  }

  get connected(): boolean {
    return this.#broken.size === 0;
  }

  begin(part: string, error: unknown): void {
    if (this.#broken.size === 0) {
      this.#since = Date.now();
      this.#log?.warn({ err: error, part }, `${this.#what}: interrupted, trying again until it works`);
    }
    this.#broken.add(part);
  }

  end(part: string): void {
    if (!this.#broken.delete(part) || this.#broken.size > 0) return;
    this.#log?.info({ seconds: (Date.now() - this.#since) / 1000 }, `${this.#what}: goes on`);
  }
}
