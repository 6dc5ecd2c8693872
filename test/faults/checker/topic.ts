import { type Admin, Kafka, logLevel } from 'kafkajs';

export interface TopicRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: string;
  /** Null is a tombstone. */
  readonly value: Readonly<Record<string, unknown>> | null;
  /** Milliseconds since 1970, as the producer said. */
  readonly writtenAt: number;
}

/** What a topic holds, by partition and in the order of offsets. */
export interface TopicContent {
  readonly topic: string;
  readonly partitions: readonly (readonly TopicRecord[])[];
}

/** Reads a topic to its end by a stock consumer, committed records only (kafkajs' default). */
export async function readTopic(brokers: readonly string[], topic: string): Promise<TopicContent> {
  const kafka = new Kafka({ clientId: 'checker', brokers: [...brokers], logLevel: logLevel.NOTHING });
  const ends = await withAdmin(kafka, (admin) => admin.fetchTopicOffsets(topic));
  const endOf = new Map(ends.map(({ partition, high }) => [partition, Number(high)]));
  const missing = new Set(ends.filter(({ low, high }) => low !== high).map(({ partition }) => partition));
  const partitions: TopicRecord[][] = ends.map(() => []);
  if (missing.size === 0) return { topic, partitions };
  // A fetch that finds nothing waits for 5 s by default, and disconnect for it.
  const consumer = kafka.consumer({
    groupId: `checker-${topic}-${process.pid}-${Date.now()}`,
    maxWaitTimeInMs: 100,
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // From what passes, such as a coordinator that is loading, it starts again by itself.
  consumer.on('consumer.crash', ({ payload }) => payload.restart || reject(payload.error));
  promise.catch(() => undefined);
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ partition, message }) => {
      const offset = Number(message.offset);
      const text = message.value?.toString();
      partitions[partition]?.push({
        partition,
        offset,
        key: message.key?.toString() ?? '',
        value: text === undefined ? null : (JSON.parse(text) as Record<string, unknown>),
        writtenAt: Number(message.timestamp),
      });
      if (offset + 1 >= (endOf.get(partition) ?? 0)) missing.delete(partition);
      if (missing.size === 0) resolve();
    },
  });
  await promise.finally(() => consumer.disconnect());
  return { topic, partitions };
}

async function withAdmin<T>(kafka: Kafka, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin();
  await admin.connect();
  return work(admin).finally(() => admin.disconnect());
}

/** True when the value has in each member one of the values that are asked for. A tombstone has no members. */
export function matches({ value }: TopicRecord, where: Readonly<Record<string, readonly string[]>>): boolean {
  if (value === null) return false;
  return Object.entries(where).every(([member, allowed]) => allowed.includes(String(value[member])));
}
