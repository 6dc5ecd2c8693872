/**
 * Lets those who wait go one by one, each in a turn of the event loop of its own: what many clients have to catch up
 * at once leaves room for queries and live events in between.
 */
export class Turns {
  #waiting: (() => void)[] = [];
  #isScheduled = false;

  next(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    this.#schedule();
    return promise;
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#waiting.shift()?.();
      if (this.#waiting.length > 0) this.#schedule();
    });
  }
}
