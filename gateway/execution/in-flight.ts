/** For those who never leave. One for all: a controller for each request costs a microsecond. */
export const neverAborted: AbortSignal = new AbortController().signal;

/** Something under way that several wait for. */
export interface Shareable<T> {
  readonly answer: Promise<T>;
  /** Nobody waits for it any more. */
  end(reason: Error): void;
}

interface Flight<T> {
  readonly work: Shareable<T>;
  waiting: number;
}

/**
 * Lets those who ask the same at the same time wait for one answer. Only what is under way is kept: who asks after the
 * answer has come asks anew. As many entries as there are requests, so the bound is theirs.
 */
export class InFlight<T> {
  readonly #flights = new Map<string, Flight<T>>();

  /**
   * Joins what is under way under `key`, or starts it; ends it when the signals of all who wait have aborted, and rejects
   * with the signal's reason. Without a key it is not shared.
   */
  async share(key: string | null, signal: AbortSignal, start: () => Shareable<T>): Promise<T> {
    const flight =
      key === null ? { work: start(), waiting: 0 } : (this.#flights.get(key) ?? this.#start(key, start()));
    flight.waiting += 1;
    // Among the listeners of a signal that all share, each would have to be looked for.
    if (signal === neverAborted) return flight.work.answer;
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const leave = (): void => {
      flight.waiting -= 1;
      if (flight.waiting === 0) {
        // Whoever comes now must not get what is being ended.
        if (key !== null) this.#forget(key, flight);
        flight.work.end(signal.reason);
      }
      reject(signal.reason);
    };
    signal.addEventListener('abort', leave);
    try {
      return await Promise.race([flight.work.answer, aborted]);
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  #start(key: string, work: Shareable<T>): Flight<T> {
    const flight = { work, waiting: 0 };
    this.#flights.set(key, flight);
    const forget = (): void => this.#forget(key, flight);
    work.answer.then(forget, forget);
    return flight;
  }

  #forget(key: string, flight: Flight<T>): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
  }
}
