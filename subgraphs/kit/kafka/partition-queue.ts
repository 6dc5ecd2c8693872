import type { RawBatch } from '../records.ts';

/** Why a partition is left out of the fetch. It goes on when no reason is left. */
export type HoldReason = 'metadata' | 'decision';

export interface QueuedBatch {
  readonly batch: RawBatch;
  readonly bytes: number;
}

/** One partition of a reader: where the next fetch begins, and the batches that the sink has not yet taken, in order. */
export class PartitionQueue {
  readonly partition: number;
  /** Where the next fetch begins. */
  next: number;
  /** Leader epoch of the last batch before it, −1 unknown: the broker tells by it whether the log was truncated (KIP-595). */
  leaderEpoch: number;
  lastStableOffset: number | null = null;
  readonly holds = new Set<HoldReason>();
  readonly #deliver: (batch: RawBatch) => Promise<void>;
  readonly #onTaken: () => void;
  readonly #queue: QueuedBatch[] = [];
  #position: number;
  #pendingBytes = 0;
  #running: Promise<void> | null = null;

  constructor(options: {
    readonly partition: number;
    readonly next: number;
    readonly leaderEpoch: number;
    readonly deliver: (batch: RawBatch) => Promise<void>;
    readonly onTaken: () => void;
  }) {
    this.partition = options.partition;
    this.next = options.next;
    this.leaderEpoch = options.leaderEpoch;
    this.#position = options.next;
    this.#deliver = options.deliver;
    this.#onTaken = options.onTaken;
  }

  /** Next offset that the sink has not been given. */
  get position(): number {
    return this.#position;
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** The sink has batches that it has not yet taken. */
  get busy(): boolean {
    return this.#running !== null;
  }

  push(entry: QueuedBatch): void {
    this.next = entry.batch.next;
    this.#pendingBytes += entry.bytes;
    this.#queue.push(entry);
    this.#running ??= this.#run();
  }

  /** Goes on elsewhere, after the sink has decided. Nothing may be queued. */
  restart(next: number): void {
    this.next = next;
    this.#position = next;
    this.leaderEpoch = -1;
  }

  /** Drops what the sink has not been given. */
  clear(): void {
    this.#queue.length = 0;
  }

  /** Settles when the sink has taken everything that was queued. Never rejects. */
  async idle(): Promise<void> {
    while (this.#running !== null) await this.#running;
  }

  async #run(): Promise<void> {
    for (let entry = this.#queue.shift(); entry !== undefined; entry = this.#queue.shift()) {
      this.#position = entry.batch.next;
      await this.#deliver(entry.batch);
      this.#pendingBytes -= entry.bytes;
      this.#onTaken();
    }
    this.#running = null;
    this.#onTaken();
  }
}
