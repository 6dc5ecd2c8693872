import type { Kafka } from 'kafkajs';

export interface TopicRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: string;
  /** Null is a tombstone. */
  readonly value: Readonly<Record<string, unknown>> | null;
}

/** What a topic holds, read to its end by a stock consumer: what subscribers are judged against. */
export const readTopic = async (kafka: Kafka, topic: string): Promise<TopicRecord[]> => {
  const admin = kafka.admin();
  await admin.connect();
  const ends = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  const missing = new Set(
    ends.filter(({ low, high }) => Number(high) > Number(low)).map(({ partition }) => partition),
  );
  const endOf = new Map(ends.map(({ partition, high }) => [partition, Number(high)]));
  const records: TopicRecord[] = [];
  if (missing.size === 0) return records;
  // A fetch that finds nothing waits for 5 s by default, and disconnect for it.
  const consumer = kafka.consumer({ groupId: `judge-${process.pid}-${Date.now()}`, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const { promise, resolve } = Promise.withResolvers<void>();
  await consumer.run({
    eachMessage: async ({ partition, message }) => {
      const offset = Number(message.offset);
      const text = message.value?.toString();
      records.push({
        partition,
        offset,
        key: message.key?.toString() ?? '',
        value: text === undefined ? null : JSON.parse(text),
      });
      if (offset + 1 >= (endOf.get(partition) ?? 0)) missing.delete(partition);
      if (missing.size === 0) resolve();
    },
  });
  await promise;
  await consumer.disconnect();
  return records;
};

/** The latest record of each key; tombstones are gone. */
export const foldByKey = (records: readonly TopicRecord[]): Map<string, TopicRecord> => {
  const folded = new Map<string, TopicRecord>();
  for (const record of [...records].sort((a, b) => a.offset - b.offset)) {
    if (record.value === null) folded.delete(record.key);
    else folded.set(record.key, record);
  }
  return folded;
};
