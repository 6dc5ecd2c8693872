import { Backoff } from './backoff.ts';
import type { TopicMetadata } from './cluster.ts';
import type { Outages } from './outages.ts';
import { Signal } from './signal.ts';

export interface MetadataKeeperOptions {
  readonly signal: AbortSignal;
  readonly read: () => Promise<TopicMetadata>;
  readonly apply: (metadata: TopicMetadata) => void;
  readonly outages: Outages;
}

/** How long a change of partitions or leaders stays unseen when no answer tells of it. */
const everyMs = 5_000;

/** Reads a topic's metadata every 5 s and whenever it is wanted, never twice within 50 ms; failures are tried again for ever. */
export class MetadataKeeper {
  readonly #options: MetadataKeeperOptions;
  readonly #wanted = new Signal();
  #isDue = false;

  constructor(options: MetadataKeeperOptions) {
    this.#options = options;
    options.signal.addEventListener('abort', () => this.#wanted.notify(), { once: true });
  }

  /** An answer said that the metadata is stale. */
  want(): void {
    this.#isDue = true;
    this.#wanted.notify();
  }

  async run(): Promise<void> {
    const { signal, read, apply, outages } = this.#options;
    const backoff = new Backoff();
    while (!signal.aborted) {
      if (!this.#isDue) await this.#wanted.wait(everyMs);
      if (signal.aborted) return;
      this.#isDue = false;
      try {
        const metadata = await read();
        if (signal.aborted) return;
        apply(metadata);
        outages.end('metadata');
        backoff.succeeded();
      } catch (error) {
        if (signal.aborted) return;
        outages.begin('metadata', error);
        this.#isDue = true;
      }
      await backoff.pause(signal);
    }
  }
}
