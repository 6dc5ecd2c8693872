/** How long those who have their turn may hold the event loop together, milliseconds; the last of them may take longer. */
const turnMs = 5;

/**
 * Lets those who wait go one after the other, a few milliseconds a turn of the event loop: what many clients have to
 * catch up at once leaves room for queries and live events in between.
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
    setImmediate(() => this.#letGo(performance.now()));
  }

  #letGo(since: number): void {
    this.#waiting.shift()?.();
    // Behind all that the one who was let go does at once, up to where it waits for something.
    process.nextTick(() => {
      if (this.#waiting.length > 0 && performance.now() - since < turnMs) {
        this.#letGo(since);
        return;
      }
      this.#isScheduled = false;
      if (this.#waiting.length > 0) this.#schedule();
    });
  }
}
