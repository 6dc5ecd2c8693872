import type { FaultLine } from './format.ts';
import type { Watch } from './judge.ts';
import type { TopicRecord } from './topic.ts';

/** How late records came, by the fault that was the last to begin before they came. */
export class Delays {
  readonly #faults: readonly FaultLine[];
  readonly #worst: number[];
  #worstBefore = 0;

  constructor(faults: readonly FaultLine[]) {
    this.#faults = [...faults].sort((a, b) => a.at - b.at);
    this.#worst = this.#faults.map(() => 0);
  }

  /** For one client: what was written before it came for the first time was not late. */
  watch(): Watch {
    let joinedAt = Number.POSITIVE_INFINITY;
    return {
      connected: (at) => {
        joinedAt = Math.min(joinedAt, at);
      },
      delivered: (record, receivedAt) => {
        if (record.writtenAt > joinedAt) this.#take(record, receivedAt);
      },
    };
  }

  #take(record: TopicRecord, receivedAt: number): void {
    const delay = receivedAt - record.writtenAt;
    const index = this.#faults.findLastIndex(({ at }) => at <= receivedAt);
    if (index === -1) this.#worstBefore = Math.max(this.#worstBefore, delay);
    else this.#worst[index] = Math.max(this.#worst[index] ?? 0, delay);
  }

  /** Milliseconds from writing to receiving, the longest before the first fault. */
  get worstBefore(): number {
    return this.#worstBefore;
  }

  /** Each fault with the longest time, in milliseconds, that a record took which came after it. */
  byFault(): readonly (FaultLine & { readonly worst: number })[] {
    return this.#faults.map((fault, index) => ({ ...fault, worst: this.#worst[index] ?? 0 }));
  }
}
