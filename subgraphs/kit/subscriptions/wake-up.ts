/** Lets one taker sleep until somebody leaves something for it. */
export class WakeUp {
  #wake: (() => void) | null = null;

  /** The taker sleeps, and nobody has woken it. */
  get isAwaited(): boolean {
    return this.#wake !== null;
  }

  /** Wakes the taker, if it sleeps. */
  call(): void {
    this.#wake?.();
  }

  /** Resolves at the next call, or when aborted. */
  wait(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = (): void => {
      this.#wake = null;
      signal.removeEventListener('abort', wake);
      resolve();
    };
    this.#wake = wake;
    signal.addEventListener('abort', wake, { once: true });
    return promise;
  }
}
