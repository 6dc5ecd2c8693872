interface Waiting {
  readonly turn: () => void;
  readonly deadline: NodeJS.Timeout;
}

/** A bounded number of places; whoever finds none waits in order, up to a deadline. */
export class Slots {
  #free: number;
  readonly #deadlineMs: number;
  readonly #waiting = new Set<Waiting>();

  constructor(count: number, deadlineMs: number) {
    this.#free = count;
    this.#deadlineMs = deadlineMs;
  }

  /** Calls `turn` when a place is there, which may be at once, or `late`. The returned function gives the place back. */
  take(turn: () => void, late: () => void): () => void {
    let held = false;
    let released = false;
    const start = (): void => {
      held = true;
      turn();
    };
    if (this.#free > 0) {
      this.#free -= 1;
      start();
    } else {
      const waiting: Waiting = {
        turn: start,
        deadline: setTimeout(() => {
          this.#waiting.delete(waiting);
          released = true;
          late();
        }, this.#deadlineMs),
      };
      this.#waiting.add(waiting);
      return () => {
        if (released) return;
        released = true;
        clearTimeout(waiting.deadline);
        if (held) this.#release();
        else this.#waiting.delete(waiting);
      };
    }
    return () => {
      if (released) return;
      released = true;
      this.#release();
    };
  }

  #release(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free += 1;
      return;
    }
    this.#waiting.delete(next);
    clearTimeout(next.deadline);
    next.turn();
  }
}
