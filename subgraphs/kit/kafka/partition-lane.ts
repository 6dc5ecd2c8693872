import type { Message } from 'kafkajs';
import { refusedError, unavailableError, type WriteFailure, writeFailureOf } from './kafkajs-failures.ts';
import type { WrittenBatch } from './producer-session.ts';

/** A record on its way, and who waits for it. */
export interface QueuedRecord {
  readonly message: Message;
  readonly bytes: number;
  readonly queuedAt: number;
  readonly written: (offset: number, logAppendTime: number) => void;
  readonly failed: (error: unknown) => void;
}

export interface LaneOptions {
  readonly topic: string;
  readonly partition: number;
  readonly brokers: readonly string[];
  /** Sends one batch to the partition, and resolves with the offset of its first record. Rejects with kafkajs' errors. */
  readonly send: (messages: Message[]) => Promise<WrittenBatch>;
}

/** Half of the broker's default limit of a batch (max.message.bytes, 1 MB). */
const batchBytes = 512 * 1024;
/** Records that waited longer are not sent: their caller is answered before it gives up. */
const queueDeadlineMs = 10_000;

/**
 * The records of one partition, in order, one request at a time: what queues meanwhile leaves together with the next one.
 *
 * A request holds one partition only, so it is written whole or not at all, and the base offset gives each record its own.
 * kafkajs reuses sequence numbers after a failure without knowing whether the broker has the batch; another batch under
 * the same numbers would be dropped as its duplicate. So `send` takes a new session after an unknown outcome.
 */
export class PartitionLane {
  readonly #options: LaneOptions;
  #queue: QueuedRecord[] = [];
  #running = false;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  add(records: readonly QueuedRecord[]): void {
    this.#queue.push(...records);
    if (!this.#running) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#queue.length > 0) {
      const batch = this.#nextBatch();
      if (batch.length > 0) await this.#write(batch);
    }
    this.#running = false;
  }

  #nextBatch(): readonly QueuedRecord[] {
    const batch: QueuedRecord[] = [];
    const oldest = Date.now() - queueDeadlineMs;
    let bytes = 0;
    let taken = 0;
    for (const record of this.#queue) {
      if (batch.length > 0 && bytes + record.bytes > batchBytes) break;
      taken += 1;
      if (record.queuedAt < oldest) record.failed(this.#tooLate());
      else {
        batch.push(record);
        bytes += record.bytes;
      }
    }
    this.#queue = this.#queue.slice(taken);
    return batch;
  }

  async #write(batch: readonly QueuedRecord[], isSecondTry = false): Promise<void> {
    try {
      const { baseOffset, logAppendTime } = await this.#options.send(batch.map(({ message }) => message));
      for (const [index, record] of batch.entries()) record.written(baseOffset + index, logAppendTime);
    } catch (error) {
      await this.#afterFailure(batch, writeFailureOf(error), isSecondTry);
    }
  }

  async #afterFailure(
    batch: readonly QueuedRecord[],
    failure: WriteFailure,
    isSecondTry: boolean,
  ): Promise<void> {
    const { topic, brokers } = this.#options;
    if (failure.kind === 'refused') {
      if (failure.splits && batch.length > 1) {
        const middle = Math.ceil(batch.length / 2);
        await this.#write(batch.slice(0, middle));
        await this.#write(batch.slice(middle));
        return;
      }
      for (const record of batch) record.failed(refusedError(topic, failure.type, failure.cause));
      return;
    }
    if (failure.kind === 'sequence' && !isSecondTry) {
      await this.#write(batch, true);
      return;
    }
    const what = `A write to topic ${topic} was not answered: its records may or may not be there.`;
    for (const record of batch) record.failed(unavailableError(what, brokers, failure.cause));
  }

  #tooLate(): Error {
    const { topic, partition, brokers } = this.#options;
    const what = `Partition ${partition} of ${topic} takes no records: nothing was written.`;
    return unavailableError(what, brokers, undefined);
  }
}
