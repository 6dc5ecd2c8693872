interface Waiting {
  readonly turn: () => void;
  readonly deadline: NodeJS.Timeout | null;
}

/** A bounded number of places. Policy: wait, in order, up to a deadline. */
export class Slots {
  #free: number;
  readonly #deadlineMs: number | null;
  readonly #waiting = new Set<Waiting>();

  /** `deadlineMs` null: each turn comes, since who has a place gives it back. */
  constructor(count: number, deadlineMs: number | null) {
    this.#free = count;
    this.#deadlineMs = deadlineMs;
  }

  /** Somebody waits for a place. */
  get contended(): boolean {
    return this.#waiting.size > 0;
  }

  /** Calls `turn` when a place is there, which may be at once, or `late`. The returned function gives the place back. */
  take(turn: () => void, late: () => void = () => {}): () => void {
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
        deadline:
          this.#deadlineMs === null
            ? null
            : setTimeout(() => {
                this.#waiting.delete(waiting);
                released = true;
                late();
              }, this.#deadlineMs),
      };
      this.#waiting.add(waiting);
      return () => {
        if (released) return;
        released = true;
        if (waiting.deadline !== null) clearTimeout(waiting.deadline);
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
    if (next.deadline !== null) clearTimeout(next.deadline);
    next.turn();
  }
}
