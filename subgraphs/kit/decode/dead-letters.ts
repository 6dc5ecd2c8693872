import type { Logger } from 'pino';
import { TributaryError } from '../../../schema/errors.ts';
import { createTopicIfMissing } from '../kafka/admin.ts';
import { Backoff } from '../kafka/backoff.ts';
import type { Producer, ProducerRecord } from '../kafka/producer.ts';
import { Signal } from '../kafka/signal.ts';
import type { RawRecord } from '../records.ts';

export interface DeadLetterOptions {
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** The topic whose records cannot be read. */
  readonly topic: string;
  readonly producer: Pick<Producer, 'send'>;
  /** Create the dead-letter topic when the first letter comes and it is missing. */
  readonly create: boolean;
  readonly replication: number;
  readonly log: Logger;
}

export interface DeadLetters {
  /**
   * Keeps a record that could not be read: `reason` is the decoder's code, `message` its words. Resolves when the letter
   * is queued, so the stream goes on; waits while the queue is full. Never rejects.
   */
  (record: RawRecord, partition: number, reason: string, message?: string | null): Promise<void>;
  readonly stats: DeadLetterStats;
  /** Resolves when everything queued is written or given up. */
  flush(): Promise<void>;
}

export interface DeadLetterStats {
  readonly written: number;
  /** Written without the payload, which Kafka did not take. */
  readonly headersOnly: number;
  /** Given up: only the log has them. */
  readonly lost: number;
}

const suffix = '.dead-letters';
export const deadLetterTopic = (topic: string): string => `${topic}${suffix}`;

/** Queued and under way, in records and bytes. Policy: wait, which slows the reader down. */
const queueBound = { records: 1_000, bytes: 8 * 1024 * 1024 };
const attempts = 3;
const keptMs = 7 * 24 * 60 * 60 * 1_000;

interface Letter {
  readonly record: RawRecord;
  readonly partition: number;
  readonly reason: string;
  readonly message: string;
}

/**
 * Dead letters of a topic (S23): key `topic/partition/offset`, so that what a restart or another replica writes again
 * replaces itself by compaction; the original bytes as value; the circumstances as headers. There are none about a topic
 * of dead letters.
 */
export const createDeadLetters = (options: DeadLetterOptions): DeadLetters => {
  const queue = new DeadLetterQueue(options);
  const keep = (record: RawRecord, partition: number, reason: string, message?: string | null) =>
    queue.add({ record, partition, reason, message: message ?? '' });
  return Object.assign(keep, { stats: queue.stats, flush: () => queue.flush() });
};

class DeadLetterQueue {
  readonly stats = { written: 0, headersOnly: 0, lost: 0 };
  readonly #options: DeadLetterOptions;
  readonly #changed = new Signal();
  #letters = 0;
  #bytes = 0;
  #created: Promise<void> | null = null;

  constructor(options: DeadLetterOptions) {
    this.#options = options;
  }

  async add(letter: Letter): Promise<void> {
    if (this.#options.topic.endsWith(suffix)) {
      this.#lose(letter, new Error('There are no dead letters about dead letters.'));
      return;
    }
    while (this.#letters >= queueBound.records || this.#bytes >= queueBound.bytes) await this.#changed.wait();
    const bytes = sizeOf(letter.record);
    this.#letters += 1;
    this.#bytes += bytes;
    void this.#write({ ...letter, record: ownCopy(letter.record) }).finally(() => {
      this.#letters -= 1;
      this.#bytes -= bytes;
      this.#changed.notify();
    });
  }

  async flush(): Promise<void> {
    while (this.#letters > 0) await this.#changed.wait();
  }

  async #write(letter: Letter): Promise<void> {
    try {
      await this.#ensureTopic();
      if (await this.#tryWhole(letter)) this.stats.written += 1;
      else {
        await this.#options.producer.send([this.#recordOf(letter, { withPayload: false })]);
        this.stats.headersOnly += 1;
      }
    } catch (error) {
      this.#lose(letter, error);
    }
  }

  /** False when the whole letter cannot be written: refused, or no broker took it three times. */
  async #tryWhole(letter: Letter): Promise<boolean> {
    const backoff = new Backoff();
    const record = this.#recordOf(letter, { withPayload: true });
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      try {
        await this.#options.producer.send([record]);
        return true;
      } catch (error) {
        if (error instanceof TributaryError && error.code === 'RECORD_REFUSED') return false;
        await backoff.pause(neverAborted);
      }
    }
    return false;
  }

  #recordOf(
    { record, partition, reason, message }: Letter,
    { withPayload }: { readonly withPayload: boolean },
  ): ProducerRecord {
    const { topic } = this.#options;
    return {
      topic: deadLetterTopic(topic),
      key: `${topic}/${partition}/${record.offset}`,
      // A null value would be a tombstone, and compaction would remove the letter.
      value: withPayload && record.value !== null ? record.value : Buffer.alloc(0),
      headers: {
        'tributary.reason': reason,
        'tributary.error': message,
        'tributary.topic': topic,
        'tributary.partition': String(partition),
        'tributary.offset': String(record.offset),
        'tributary.timestamp': String(record.timestamp),
        'tributary.payload': payloadOf(record, withPayload),
        ...(withPayload && record.key !== null ? { 'tributary.key': record.key } : {}),
      },
    };
  }

  #ensureTopic(): Promise<void> {
    const { brokers, clientId, topic, create, replication, log } = this.#options;
    if (!create) return Promise.resolve();
    this.#created ??= createTopicIfMissing({
      brokers,
      clientId,
      name: deadLetterTopic(topic),
      partitions: 1,
      replication,
      config: { 'cleanup.policy': 'compact,delete', 'retention.ms': String(keptMs) },
      log,
    }).catch((error: unknown) => {
      this.#created = null;
      throw error;
    });
    return this.#created;
  }

  #lose({ record, partition, reason }: Letter, error: unknown): void {
    this.stats.lost += 1;
    const { topic, log } = this.#options;
    log.error(
      { err: error, topic, partition, offset: record.offset, reason },
      'A record could not be read, and no dead letter could be written for it',
    );
  }
}

const neverAborted = new AbortController().signal;

const payloadOf = (record: RawRecord, withPayload: boolean): string => {
  if (record.value === null) return 'null';
  return withPayload ? 'whole' : 'left out';
};

const sizeOf = ({ key, value }: RawRecord): number => (key?.length ?? 0) + (value?.length ?? 0);

/** Buffers of a record are windows on a whole fetch answer, which a waiting letter would keep in memory. */
const ownCopy = (record: RawRecord): RawRecord => ({
  ...record,
  key: record.key === null ? null : Buffer.from(record.key),
  value: record.value === null ? null : Buffer.from(record.value),
  headers: [],
});
