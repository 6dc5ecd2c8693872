import { Kafka, logLevel, type Message, Partitioners, type Producer } from 'kafkajs';
import { untilLed } from '../../subgraphs/kit/kafka/topic-leaders.ts';
import { partitions, type VolumeGraph } from './graph.ts';

/** Bytes of the text in each record: rows and events are then about 350 bytes in Kafka. */
const note = 'n'.repeat(300);
const perRequest = 6_000;
/** What is old lies outside of the window that subgraphs keep in memory. */
const ageMs = 3_600_000;

/** A client that is not ours. */
export class Topics {
  readonly #kafka: Kafka;
  readonly #producer: Producer;

  constructor(brokers: string) {
    this.#kafka = new Kafka({ clientId: 'volume', brokers: brokers.split(','), logLevel: logLevel.ERROR });
    this.#producer = this.#kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  }

  async create({ rows, events, ticks }: VolumeGraph): Promise<void> {
    const admin = this.#kafka.admin();
    await Promise.all([admin.connect(), this.#producer.connect()]);
    const compact = [{ name: 'cleanup.policy', value: 'compact' }];
    const topics = [
      { topic: rows, numPartitions: partitions, replicationFactor: 1, configEntries: compact },
      { topic: events, numPartitions: partitions, replicationFactor: 1 },
      { topic: ticks, numPartitions: 3, replicationFactor: 1 },
    ];
    await admin.createTopics({ waitForLeaders: false, topics });
    await untilLed(admin, [rows, events, ticks], AbortSignal.timeout(30_000));
    await admin.disconnect();
  }

  /** Writes `count` records, an hour old, with the keys K0 to K<count − 1>. Resolves with the seconds that it took. */
  async fill(topic: string, count: number): Promise<number> {
    const began = performance.now();
    const timestamp = String(Date.now() - ageMs);
    for (let from = 0; from < count; from += perRequest) {
      const messages = Array.from({ length: Math.min(perRequest, count - from) }, (_, index) => ({
        ...record(from + index),
        timestamp,
      }));
      await this.#producer.send({ topic, messages, acks: -1 });
    }
    return (performance.now() - began) / 1_000;
  }

  /** Changes every `step`th of `count` rows, and deletes the one behind each. */
  async change(topic: string, count: number, step: number): Promise<void> {
    const messages: Message[] = [];
    for (let seq = 0; seq + 1 < count; seq += step) {
      messages.push(record(seq, count + seq), { key: `K${seq + 1}`, value: null });
    }
    await this.#producer.send({ topic, messages, acks: -1 });
  }

  async tick(topic: string, id: number, sentAt: number): Promise<void> {
    const value = JSON.stringify({ id: `T${id}`, sentAt });
    await this.#producer.send({ topic, messages: [{ key: `T${id}`, value }], acks: -1 });
  }

  /** The topic folded by key: offsets by key, deleted keys left out. Read by a stock consumer. */
  async fold(topic: string): Promise<Map<string, number>> {
    const admin = this.#kafka.admin();
    await admin.connect();
    const ends = await admin.fetchTopicOffsets(topic);
    await admin.disconnect();
    const endOf = new Map(
      ends.flatMap(({ partition, high }) => (Number(high) > 0 ? [[partition, Number(high)]] : [])),
    );
    const folded = new Map<string, number>();
    const consumer = this.#kafka.consumer({ groupId: `${topic}.judge`, maxWaitTimeInMs: 100 });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    const { promise, resolve } = Promise.withResolvers<void>();
    await consumer.run({
      eachBatch: async ({ batch }) => {
        for (const { key, value, offset } of batch.messages) {
          if (value === null) folded.delete(String(key));
          else folded.set(String(key), Number(offset));
        }
        if (Number(batch.lastOffset()) + 1 >= (endOf.get(batch.partition) ?? 0))
          endOf.delete(batch.partition);
        if (endOf.size === 0) resolve();
      },
    });
    await promise;
    await consumer.disconnect();
    return folded;
  }

  async close(topics: readonly string[]): Promise<void> {
    const admin = this.#kafka.admin();
    await admin.connect();
    await admin.deleteTopics({ topics: [...topics] });
    await Promise.all([admin.disconnect(), this.#producer.disconnect()]);
  }
}

const record = (number: number, seq = number): Message => ({
  key: `K${number}`,
  value: JSON.stringify({ id: `K${number}`, seq, note }),
});
