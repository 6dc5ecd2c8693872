import type { Generation } from './generation.ts';

export interface GenerationsOptions {
  readonly first: Generation;
  /** Rejects with SCHEMA_INVALID for what is no supergraph. */
  build(supergraphSdl: string): Promise<Generation>;
  /** A generation was built; from now on requests that begin are its. */
  swap(next: Generation): void;
}

/** The generation that new requests run in, and the way to the next one. */
export class Generations {
  readonly #options: GenerationsOptions;
  #current: Generation;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: GenerationsOptions) {
    this.#options = options;
    this.#current = options.first;
  }

  get current(): Generation {
    return this.#current;
  }

  /**
   * Resolves with the generation of this supergraph as soon as it serves; one that serves already stays. Updates are done
   * one after the other, in the order of the calls. Rejects with SCHEMA_INVALID, and then the old one goes on.
   */
  update(supergraphSdl: string): Promise<Generation> {
    const updated = this.#last.then(() => this.#replace(supergraphSdl));
    this.#last = updated.catch(() => undefined);
    return updated;
  }

  async #replace(supergraphSdl: string): Promise<Generation> {
    if (supergraphSdl === this.#current.supergraphSdl) return this.#current;
    const next = await this.#options.build(supergraphSdl);
    this.#current = next;
    this.#options.swap(next);
    return next;
  }
}
