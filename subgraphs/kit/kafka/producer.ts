import type { IHeaders, Message } from 'kafkajs';
import { TributaryError } from '../../../schema/errors.ts';
import type { KafkaClientOptions } from './kafkajs-client.ts';
import { unavailableError } from './kafkajs-failures.ts';
import { partitionOfKey } from './murmur2.ts';
import { PartitionLane, type QueuedRecord } from './partition-lane.ts';
import { ProducerSession } from './producer-session.ts';
import { Signal } from './signal.ts';
import { type KnownTopic, TopicCatalog } from './topic-catalog.ts';

export interface ProducerRecord {
  readonly topic: string;
  readonly key: Buffer | string | null;
  /** Null is a tombstone. */
  readonly value: Buffer | string | null;
  readonly headers?: Readonly<Record<string, Buffer | string>> | undefined;
  /** Milliseconds since 1970. Default: now. */
  readonly timestamp?: number | undefined;
}

/** Where a record was written. */
export interface WrittenRecord {
  readonly topicId: string;
  readonly partition: number;
  readonly offset: number;
  /** As the record has it: the broker's own where the topic says LogAppendTime. */
  readonly timestamp: number;
}

export interface Producer {
  /**
   * Writes records with acks=all and resolves with their positions, in the order given. Records of one partition keep
   * their order. Rejects with RECORD_REFUSED (Kafka would refuse it again) or KAFKA_UNAVAILABLE; the message says
   * whether records may have been written all the same.
   */
  send(records: readonly ProducerRecord[]): Promise<readonly WrittenRecord[]>;
  close(): Promise<void>;
}

/** Of records that wait or are under way. Policy: wait for room, at most 5 s, then refuse with KAFKA_UNAVAILABLE. */
const queueBytes = 32 * 1024 * 1024;
const roomDeadlineMs = 5_000;
const recordOverhead = 100;

/** Connects an idempotent producer. Rejects with KAFKA_UNAVAILABLE when no broker answers. */
export const createProducer = async (options: KafkaClientOptions): Promise<Producer> => {
  const producer = new KafkaProducer(options);
  try {
    await producer.connect();
    return producer;
  } catch (error) {
    await producer.close();
    throw unavailableError('The producer could not connect.', options.brokers, error);
  }
};

class KafkaProducer implements Producer {
  readonly #options: KafkaClientOptions;
  readonly #catalog: TopicCatalog;
  readonly #lanes = new Map<string, PartitionLane>();
  readonly #room = new Signal();
  #session: ProducerSession | null = null;
  #queuedBytes = 0;
  #turn = 0;
  #closed = false;

  constructor(options: KafkaClientOptions) {
    this.#options = options;
    this.#catalog = new TopicCatalog(options);
  }

  async send(records: readonly ProducerRecord[]): Promise<readonly WrittenRecord[]> {
    if (this.#closed)
      throw new TributaryError('KAFKA_UNAVAILABLE', 'The producer is closed: nothing was written.');
    const names = [...new Set(records.map(({ topic }) => topic))];
    const found = await Promise.all(names.map((name) => this.#catalog.find(name)));
    const topics = new Map(names.map((name, index) => [name, found[index]]));
    await this.#waitForRoom();
    this.#turn += 1;
    const byLane = new Map<PartitionLane, QueuedRecord[]>();
    const results = records.map((record) => {
      const topic = topics.get(record.topic);
      if (topic === undefined)
        throw new TributaryError('INTERNAL', `Topic ${record.topic} was not looked up.`);
      const { lane, queued, result } = this.#prepare(record, topic);
      const sharing = byLane.get(lane);
      if (sharing === undefined) byLane.set(lane, [queued]);
      else sharing.push(queued);
      return result;
    });
    for (const [lane, queued] of byLane) lane.add(queued);
    return settled(await Promise.allSettled(results));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#catalog.close();
    await this.#session?.end();
  }

  async connect(): Promise<void> {
    await this.#trusted().connect();
  }

  /** The current session, or a new one where its sequence numbers can no longer be trusted. */
  #trusted(): ProducerSession {
    if (this.#session?.isTrusted === true) return this.#session;
    void this.#session?.end();
    this.#session = new ProducerSession(this.#options);
    return this.#session;
  }

  #prepare(
    record: ProducerRecord,
    topic: KnownTopic,
  ): {
    readonly lane: PartitionLane;
    readonly queued: QueuedRecord;
    readonly result: Promise<WrittenRecord>;
  } {
    const key = typeof record.key === 'string' ? Buffer.from(record.key) : record.key;
    const value = typeof record.value === 'string' ? Buffer.from(record.value) : record.value;
    const partition = key === null ? this.#turn % topic.partitions : partitionOfKey(key, topic.partitions);
    const timestamp = record.timestamp ?? Date.now();
    const headers: IHeaders = { ...record.headers };
    const message: Message = { key, value, partition, headers, timestamp: String(timestamp) };
    const bytes = recordOverhead + (key?.length ?? 0) + (value?.length ?? 0) + headerBytes(record.headers);
    this.#queuedBytes += bytes;
    const { promise: result, resolve, reject } = Promise.withResolvers<WrittenRecord>();
    const leave = () => {
      this.#queuedBytes -= bytes;
      this.#room.notify();
    };
    const queued: QueuedRecord = {
      message,
      bytes,
      queuedAt: Date.now(),
      written: (offset, logAppendTime) => {
        leave();
        const appended = logAppendTime >= 0 ? logAppendTime : timestamp;
        resolve({ topicId: topic.id, partition, offset, timestamp: appended });
      },
      failed: (error) => {
        leave();
        reject(error);
      },
    };
    return { lane: this.#lane(record.topic, partition), queued, result };
  }

  #lane(topic: string, partition: number): PartitionLane {
    const name = `${topic}/${partition}`;
    const existing = this.#lanes.get(name);
    if (existing !== undefined) return existing;
    const lane = new PartitionLane({
      topic,
      partition,
      brokers: this.#options.brokers,
      send: (messages) => this.#trusted().send(topic, messages),
    });
    this.#lanes.set(name, lane);
    return lane;
  }

  async #waitForRoom(): Promise<void> {
    const deadline = Date.now() + roomDeadlineMs;
    while (this.#queuedBytes >= queueBytes) {
      const left = deadline - Date.now();
      if (left <= 0) {
        throw unavailableError(
          'The queue of records to write is full: nothing was written.',
          this.#options.brokers,
          undefined,
        );
      }
      await this.#room.wait(left);
    }
  }
}

const headerBytes = (headers: ProducerRecord['headers']): number => {
  let bytes = 0;
  for (const [name, value] of Object.entries(headers ?? {})) bytes += name.length + value.length;
  return bytes;
};

/** All positions, or the first error; with several records it says how many were written. */
const settled = (results: readonly PromiseSettledResult<WrittenRecord>[]): readonly WrittenRecord[] => {
  const written = results.filter((result) => result.status === 'fulfilled').map(({ value }) => value);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed === undefined) return written;
  const error: unknown = failed.reason;
  if (written.length === 0 || !(error instanceof TributaryError)) throw error;
  const counts = `${written.length} of ${results.length} records were written.`;
  throw new TributaryError(error.code, `${error.message} ${counts}`, { cause: error });
};
