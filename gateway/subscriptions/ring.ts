import { decodeCursor } from '../../schema/cursor/decode.ts';
import type { RingEntry } from './event.ts';

/** What an entry costs beside its bytes: objects, cursor text. */
const entryOverhead = 256;

/** A point of a ring at which a client can join: everything that follows `cursor` is at `index` and behind. */
export interface JoinPoint {
  readonly index: number;
  readonly cursor: string;
}

/**
 * The recent events of one operation, bounded in bytes (S20). Clients hold an index that only grows; one that is below
 * `start` has fallen off. The newest entry always stays, so that an event larger than the bound still reaches clients.
 */
export class Ring {
  readonly #limit: number;
  readonly #budget: RingBudget;
  #entries: RingEntry[] = [];
  /** Place in `#entries` of the oldest one kept; what lies before it is dropped in bulk. */
  #dropped = 0;
  #start = 0;
  #bytes = 0;
  #head: string | null = null;
  #oldestJoin: JoinPoint | null = null;
  #keptFrom = Number.POSITIVE_INFINITY;

  constructor(limit: number, budget: RingBudget) {
    this.#limit = limit;
    this.#budget = budget;
  }

  /** Index of the oldest entry that is kept. */
  get start(): number {
    return this.#start;
  }

  /** Index that the next entry will have. */
  get end(): number {
    return this.#start + this.#entries.length - this.#dropped;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** True when the oldest entry may be dropped. */
  get canEvict(): boolean {
    return this.end - this.#start > 1 && this.#start < this.#keptFrom;
  }

  /** The cursor behind everything that was appended; null while it is unknown, or when there are none. */
  get head(): string | null {
    return this.#head;
  }

  /** The oldest point from which the ring holds everything; null when it is unknown. */
  get oldestJoin(): JoinPoint | null {
    return this.#oldestJoin;
  }

  get(index: number): RingEntry | undefined {
    return index < this.#start ? undefined : this.#entries[this.#dropped + index - this.#start];
  }

  /** `shared`: an event without a record that is for those too who join before it, as the UP_TO_DATE of a catch-up is. */
  append(entry: RingEntry, shared = false): void {
    this.#entries.push(entry);
    this.#count(cost(entry));
    this.#head = entry.cursor;
    const isForAll = shared && this.#oldestJoin !== null;
    if (entry.at === null && !isForAll) this.#oldestJoin = this.#joinBehind(entry);
    while (this.#bytes > this.#limit && this.evict());
    this.#budget.judge(this);
    this.#budget.enforce();
  }

  /** The stream moved on without an event. */
  progress(cursor: string): void {
    this.#head = cursor;
    if (this.end === 0) this.#oldestJoin ??= this.#joinAt(0, cursor);
  }

  /** Nothing at `index` or behind is dropped, whatever the bounds: who appends is to hold back. */
  keepFrom(index: number): void {
    this.#keptFrom = index;
    this.#budget.judge(this);
  }

  /** Drops the oldest entry; false when only the newest is left, or it is to be kept. */
  evict(): boolean {
    const oldest = this.#entries[this.#dropped];
    if (oldest === undefined || !this.canEvict) return false;
    this.#start += 1;
    this.#dropped += 1;
    this.#count(-cost(oldest));
    if (this.#oldestJoin !== null && this.#oldestJoin.index < this.#start) {
      this.#oldestJoin = this.#joinAt(this.#start, oldest.cursor);
    }
    if (this.#dropped > 256 && this.#dropped * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#dropped);
      this.#dropped = 0;
    } else {
      // The slot stays until the next bulk drop; the bytes must not.
      this.#entries[this.#dropped - 1] = dropped;
    }
    return true;
  }

  /** Frees everything; the operation has ended. */
  close(): void {
    this.#budget.remove(this);
    this.#count(-this.#bytes);
    this.#start = this.end;
    this.#entries = [];
    this.#dropped = 0;
  }

  /**
   * An event about no record: who joins before it by offsets would skip what belongs to it. Behind a RESET nobody can
   * join until its snapshot is done: whether a cursor from before it still holds is for the subgraph to judge (S11).
   */
  #joinBehind({ cursor }: RingEntry): JoinPoint | null {
    const inSnapshot = cursor !== null && decodeCursor(cursor).snapshotUntil !== null;
    return inSnapshot ? null : this.#joinAt(this.end, cursor);
  }

  #joinAt(index: number, cursor: string | null): JoinPoint | null {
    return cursor === null ? null : { index, cursor };
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    this.#budget.count(bytes);
  }
}

const dropped: RingEntry = { at: null, cursor: null, bytes: Buffer.alloc(0), headLength: 0 };
const cost = (entry: RingEntry): number => entry.bytes.length + entryOverhead;

/** The bound of all rings of a process: beyond it the largest ring gives way (S20). */
export class RingBudget {
  readonly #limit: number;
  readonly #counters: { ringBytes: number };
  /** Rings that can give way; there may be thousands that cannot, with one entry each. */
  readonly #evictable = new Set<Ring>();

  /** `counters`: where the bytes in use are told. */
  constructor(limit: number, counters: { ringBytes: number } = { ringBytes: 0 }) {
    this.#limit = limit;
    this.#counters = counters;
  }

  get used(): number {
    return this.#counters.ringBytes;
  }

  count(bytes: number): void {
    this.#counters.ringBytes += bytes;
  }

  /** A ring may have become one that can give way, or one that cannot. */
  judge(ring: Ring): void {
    if (ring.canEvict) this.#evictable.add(ring);
    else this.#evictable.delete(ring);
  }

  remove(ring: Ring): void {
    this.#evictable.delete(ring);
  }

  enforce(): void {
    while (this.used > this.#limit) {
      const largest = [...this.#evictable].sort(byBytes)[0];
      if (largest === undefined) return;
      // Down to nine tenths of it at once, so that the search is not made for every event.
      const goal = largest.bytes * 0.9;
      while (largest.bytes > goal && this.used > this.#limit * 0.99 && largest.evict());
      this.judge(largest);
    }
  }
}

const byBytes = (a: Ring, b: Ring): number => b.bytes - a.bytes;
