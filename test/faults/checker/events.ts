import { type Faults, noFaults, type StreamJudge } from './faults.ts';
import type { ClientDeclaration, Delivery } from './format.ts';
import { matches, type TopicContent, type TopicRecord } from './topic.ts';

interface Partition {
  /** Records that the client must get, by offset. */
  readonly expected: ReadonlyMap<number, TopicRecord>;
  readonly seen: Set<number>;
  last: number;
}

/** An event stream: each matching record from the client's begin to the end, once, in the order of its partition. */
export class EventsJudge implements StreamJudge {
  readonly #partitions: readonly Partition[];
  readonly #faults: Faults = noFaults();
  #missing: number;

  constructor({ where, from }: ClientDeclaration, { partitions }: TopicContent) {
    this.#partitions = partitions.map((records, partition) => {
      const due = records.filter(
        (record) => record.offset >= (from[partition] ?? 0) && matches(record, where),
      );
      return {
        expected: new Map(due.map((record) => [record.offset, record])),
        seen: new Set(),
        last: -1,
      };
    });
    this.#missing = this.#partitions.reduce((sum, { expected }) => sum + expected.size, 0);
  }

  get complete(): boolean {
    return this.#missing === 0;
  }

  take({ partition: index, offset, key, seq }: Delivery): TopicRecord | null {
    const partition = this.#partitions[index ?? -1];
    const record = partition?.expected.get(offset ?? -1);
    if (partition === undefined || record === undefined || record.key !== key || record.value?.seq !== seq) {
      this.#faults.wrong += 1;
      return null;
    }
    if (partition.seen.has(record.offset)) {
      this.#faults.twice += 1;
      return null;
    }
    if (record.offset < partition.last) this.#faults.disordered += 1;
    partition.last = Math.max(partition.last, record.offset);
    partition.seen.add(record.offset);
    this.#missing -= 1;
    return record;
  }

  finish(): Faults {
    const faults = { ...this.#faults };
    for (const { expected, seen, last } of this.#partitions) {
      for (const offset of expected.keys()) {
        if (seen.has(offset)) continue;
        if (offset < last) faults.lost += 1;
        else faults.behind += 1;
      }
    }
    return faults;
  }
}
