/** Something happened: what tests wait for instead of time. */
export class Signal {
  count = 0;
  #waiting: (() => void)[] = [];

  fire(): void {
    this.count += 1;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Resolves when it fired more often than `seen`, or by the signal. */
  async after(seen: number, signal?: AbortSignal): Promise<void> {
    if (this.count > seen || signal?.aborted === true) return;
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
      signal?.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  /** Resolves when the condition holds; it is looked at whenever the signal fires. */
  async until(condition: () => boolean): Promise<void> {
    for (;;) {
      const seen = this.count;
      if (condition()) return;
      await this.after(seen);
    }
  }
}

/** Resolves when the condition holds, looked at in every turn of the loop: for state that fires no signal. */
export const eventually = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
};
