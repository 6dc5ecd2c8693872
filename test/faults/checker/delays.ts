import type { FaultLine } from './format.ts';
import type { Watch } from './judge.ts';
import type { TopicRecord } from './topic.ts';

/** The record that took longest. */
export interface Worst {
  /** Milliseconds from writing to receiving; 0 while there is none. */
  readonly delay: number;
  readonly client: string;
  /** Partition and offset. */
  readonly place: string;
}

const none: Worst = { delay: 0, client: '', place: '' };

/** How late records came, by the fault that was the last to begin before they came. */
export class Delays {
  readonly #faults: readonly FaultLine[];
  readonly #worst: Worst[];
  #worstBefore = none;

  constructor(faults: readonly FaultLine[]) {
    this.#faults = [...faults].sort((a, b) => a.at - b.at);
    this.#worst = this.#faults.map(() => none);
  }

  /** For one client: what was written before it came for the first time was not late. */
  watch(client: string): Watch {
    let joinedAt = Number.POSITIVE_INFINITY;
    return {
      connected: (at) => {
        joinedAt = Math.min(joinedAt, at);
      },
      delivered: (record, receivedAt) => {
        if (record.writtenAt > joinedAt) this.#take(client, record, receivedAt);
      },
    };
  }

  #take(client: string, { writtenAt, partition, offset }: TopicRecord, receivedAt: number): void {
    const index = this.#faults.findLastIndex(({ at }) => at <= receivedAt);
    const worst = this.#worst[index] ?? this.#worstBefore;
    const delay = receivedAt - writtenAt;
    if (delay <= worst.delay) return;
    const next = { delay, client, place: `${partition}/${offset}` };
    if (index === -1) this.#worstBefore = next;
    else this.#worst[index] = next;
  }

  /** Before the first fault. */
  get worstBefore(): Worst {
    return this.#worstBefore;
  }

  /** Each fault with the record that took longest of those that came after it. */
  byFault(): readonly (FaultLine & { readonly worst: Worst })[] {
    return this.#faults.map((fault, index) => ({ ...fault, worst: this.#worst[index] ?? none }));
  }
}
