import { Partitioners, type Producer } from 'kafkajs';
import { clientOf, Outage } from './client.ts';
import type { Position } from './cycle.ts';
import type { OutgoingRecord } from './outgoing-record.ts';
import { encodePosition, readPosition } from './position-record.ts';
import { prepareTopics } from './topics.ts';

export interface SenderOptions {
  readonly brokers: readonly string[];
  /** Names the replay in Kafka: its transactions and its position. A second replay of the same name ends the first. */
  readonly name: string;
  /** Topics that records go to; they must be there. */
  readonly topics: readonly string[];
  /** Those of them with events. */
  readonly eventTopics: readonly string[];
  /** Topic of the position; made when missing. */
  readonly positionTopic: string;
  readonly speed: number;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
}

/** A killed replay holds back readers of its topics for so long at most; when it comes back, it frees them at once. */
const transactionTimeout = 10_000;
/** A broker that restarts is back within a minute. */
const retryWhenRunning = { initialRetryTime: 50, maxRetryTime: 5_000, retries: 17 };

/** What brokers answer to a producer whose transactions a newer one of the same id has taken over. */
const isFenced = (error: unknown): boolean =>
  error instanceof Error &&
  'type' in error &&
  (error.type === 'INVALID_PRODUCER_EPOCH' || error.type === 'PRODUCER_FENCED');

/**
 * Writes rows, then the events that refer to them with the position behind, each in a transaction. So a replay that was
 * killed at any moment goes on without a gap and without sending an event twice; at most a row is written again, as it is.
 */
export class Sender {
  /** Where the last replay of this name ended; null when there was none. */
  readonly position: Position | null;
  readonly #options: SenderOptions;
  readonly #producer: Producer;
  readonly #outage: Outage;

  private constructor(options: SenderOptions, producer: Producer, outage: Outage, position: Position | null) {
    this.#options = options;
    this.#producer = producer;
    this.#outage = outage;
    this.position = position;
  }

  /**
   * Connects, waits for the topics (2 minutes), ends what an earlier replay left unfinished, and reads its position.
   * Resolves null when the signal came first.
   */
  static async open(options: SenderOptions): Promise<Sender | null> {
    if (!(await prepareTopics(options))) return null;
    const outage = new Outage(options.log);
    const kafka = clientOf({ ...options, outage, retry: retryWhenRunning });
    const producer = kafka.producer({
      transactionalId: `replay-${options.name}`,
      transactionTimeout,
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
    });
    try {
      await producer.connect();
      // The first transaction fences off a predecessor and ends its last one: only then is the position final.
      await (await producer.transaction()).abort();
      const position = await readPosition(options.brokers, options.positionTopic, options.name);
      return new Sender(options, producer, outage, position);
    } catch (error) {
      await producer.disconnect();
      throw error;
    }
  }

  /** Rejects when Kafka does not take it, or another replay has taken over. */
  async send(records: readonly OutgoingRecord[], position: Position): Promise<void> {
    const { name, eventTopics, positionTopic, speed } = this.#options;
    const rows = records.filter(({ topic }) => !eventTopics.includes(topic));
    const events = records.filter(({ topic }) => eventTopics.includes(topic));
    const remembered = { topic: positionTopic, key: name, value: encodePosition(name, position, speed) };
    // Rows first and by themselves: who joins an event with its flight finds the flight as the event left it.
    await this.#commit(rows.map(messageOf));
    await this.#commit([...events.map(messageOf), remembered]);
  }

  /** All of it or nothing. */
  async #commit(messages: readonly TopicMessage[]): Promise<void> {
    const byTopic = Map.groupBy(messages, ({ topic }) => topic);
    const transaction = await this.#producer.transaction();
    try {
      const topicMessages = [...byTopic].map(([topic, ofTopic]) => ({ topic, messages: ofTopic }));
      await transaction.sendBatch({ topicMessages });
      await transaction.commit();
      this.#outage.ends();
    } catch (error) {
      // What matters is the first error; where even the abort fails, the next start or the timeout ends the transaction.
      if (transaction.isActive()) await transaction.abort().catch(() => undefined);
      throw isFenced(error)
        ? new Error(`Another replay of ${this.#options.name} has taken over, so this one ends.`, {
            cause: error,
          })
        : error;
    }
  }

  close(): Promise<void> {
    return this.#producer.disconnect();
  }
}

interface TopicMessage {
  readonly topic: string;
  readonly key: string;
  readonly value: string | null;
}

const messageOf = ({ topic, key, value }: OutgoingRecord): TopicMessage => ({
  topic,
  key,
  value: value === null ? null : JSON.stringify(value),
});
