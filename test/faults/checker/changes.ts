import { type Faults, noFaults, type StreamJudge } from './faults.ts';
import type { ClientDeclaration, Delivery } from './format.ts';
import { matches, type TopicContent, type TopicRecord } from './topic.ts';

/**
 * A change stream: no key goes back, every event says what the topic has at its place, and at the end the client's rows
 * are the topic folded by key, under the client's filter. Intermediate states may be missing (S1).
 */
export class ChangesJudge implements StreamJudge {
  readonly #where: ClientDeclaration['where'];
  readonly #records: readonly ReadonlyMap<number, TopicRecord>[];
  /** Key to offset: what the rows must be at the end, and what they are. */
  readonly #fold: ReadonlyMap<string, number>;
  readonly #rows = new Map<string, number>();
  readonly #last = new Map<string, number>();
  readonly #faults: Faults = noFaults();
  #upToDate = false;

  constructor({ where }: ClientDeclaration, { partitions }: TopicContent) {
    this.#where = where;
    this.#records = partitions.map((records) => new Map(records.map((record) => [record.offset, record])));
    const fold = new Map<string, number>();
    for (const record of partitions.flat()) {
      if (matches(record, where)) fold.set(record.key, record.offset);
      else fold.delete(record.key);
    }
    this.#fold = fold;
  }

  get complete(): boolean {
    return this.#upToDate && this.#differing() === 0;
  }

  take(delivery: Delivery): TopicRecord | null {
    const { kind, key, partition, offset } = delivery;
    if (kind === 'RESET') {
      this.#rows.clear();
      this.#last.clear();
      this.#upToDate = false;
      return null;
    }
    if (kind === 'UP_TO_DATE') {
      this.#upToDate = true;
      return null;
    }
    const record = this.#records[partition ?? -1]?.get(offset ?? -1);
    if (record === undefined || key === null || record.key !== key || !this.#isTrue(delivery, record)) {
      this.#faults.wrong += 1;
      return null;
    }
    const last = this.#last.get(key) ?? -1;
    if (record.offset === last) this.#faults.twice += 1;
    if (record.offset < last) this.#faults.disordered += 1;
    this.#last.set(key, Math.max(last, record.offset));
    // As a client would show it, right or wrong.
    if (kind === 'DELETE') this.#rows.delete(key);
    else this.#rows.set(key, record.offset);
    return kind === 'SNAPSHOT' ? null : record;
  }

  finish(): Faults {
    return { ...this.#faults, behind: this.#differing() + (this.#upToDate ? 0 : 1) };
  }

  #isTrue({ kind, seq }: Delivery, record: TopicRecord): boolean {
    if (kind === 'DELETE') return !matches(record, this.#where);
    return (
      (kind === 'SNAPSHOT' || kind === 'UPSERT') && matches(record, this.#where) && record.value?.seq === seq
    );
  }

  #differing(): number {
    let differing = 0;
    for (const [key, offset] of this.#fold) if (this.#rows.get(key) !== offset) differing += 1;
    for (const key of this.#rows.keys()) if (!this.#fold.has(key)) differing += 1;
    return differing;
  }
}
