/**
 * Batches of all operations that may be joined beside an earlier one of the same operation. Each operation has one of its
 * own, whatever the others do; without this bound a thousand of them would ask a slow subgraph for a thousand times more.
 */
export class JoinBudget {
  #free: number;

  constructor(batches: number) {
    this.#free = batches;
  }

  /** False when all are taken: the batch waits for the operation's own, and grows. */
  take(): boolean {
    if (this.#free === 0) return false;
    this.#free -= 1;
    return true;
  }

  /** Gives back what `take` gave. */
  give(): void {
    this.#free += 1;
  }
}
