import type { Watch } from './judge.ts';

interface Return {
  /** When the client was connected again. */
  readonly cameBack: number;
  /** When it had the last record that was written before that. */
  upToDate: number;
}

/** How long clients took that were all cut off at one moment. */
export class Storm {
  readonly #at: number;
  readonly #returns: Return[] = [];
  #clients = 0;

  /** `at`: milliseconds since 1970. */
  constructor(at: number) {
    this.#at = at;
  }

  watch(): Watch {
    this.#clients += 1;
    let back: Return | null = null;
    return {
      connected: (at) => {
        if (at < this.#at || back !== null) return;
        back = { cameBack: at, upToDate: at };
        this.#returns.push(back);
      },
      delivered: ({ writtenAt }, receivedAt) => {
        if (back !== null && writtenAt <= back.cameBack) back.upToDate = receivedAt;
      },
    };
  }

  summary(): string {
    const came = this.#times(({ cameBack }) => cameBack);
    const caughtUp = this.#times(({ upToDate }) => upToDate);
    return [
      `storm: ${this.#returns.length} of ${this.#clients} clients came back, ${came}`,
      `they had all that they missed, ${caughtUp}`,
    ].join('\n');
  }

  #times(pick: (each: Return) => number): string {
    const times = this.#returns.map((each) => pick(each) - this.#at).sort((a, b) => a - b);
    const seconds = (ms: number | undefined): string => `${((ms ?? 0) / 1000).toFixed(1)} s`;
    return `half of them within ${seconds(times[Math.floor(times.length / 2)])}, the last after ${seconds(times.at(-1))}`;
  }
}
