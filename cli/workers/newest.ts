/**
 * Values for one reader who wants the newest only: one that is not taken yet is replaced, so that nothing piles up.
 */
export class Newest<T> {
  #value: { readonly value: T } | null;
  #wake: () => void = () => undefined;

  /** `first` is given at once; null: nothing is there yet. */
  constructor(first: T | null) {
    this.#value = first === null ? null : { value: first };
  }

  put(value: T): void {
    this.#value = { value };
    this.#wake();
  }

  /** Ends when `signal` aborts. */
  async *values(signal: AbortSignal): AsyncGenerator<T> {
    signal.addEventListener('abort', () => this.#wake(), { once: true });
    while (!signal.aborted) {
      const found = this.#value;
      this.#value = null;
      if (found !== null) yield found.value;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}
