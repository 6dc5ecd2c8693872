import type { Kafka } from 'kafkajs';

export interface ReadRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly value: string | null;
}

/** Reads a topic by a stock consumer until a record meets the condition. */
const readUntil = async (
  kafka: Kafka,
  topic: string,
  meets: (record: ReadRecord) => boolean,
): Promise<ReadRecord> => {
  // A fetch that finds nothing waits for 5 s by default, and disconnect for it.
  const consumer = kafka.consumer({ groupId: `reader-${Math.random()}`, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const { promise, resolve } = Promise.withResolvers<ReadRecord>();
  await consumer.run({
    eachMessage: async ({ partition, message }) => {
      const record = {
        partition,
        offset: Number(message.offset),
        key: message.key?.toString() ?? null,
        value: message.value?.toString() ?? null,
      };
      if (meets(record)) resolve(record);
    },
  });
  try {
    return await promise;
  } finally {
    await consumer.disconnect();
  }
};

/** The first that lies at one of the places. */
export const recordAt = (
  kafka: Kafka,
  topic: string,
  places: readonly (readonly [number, number])[],
): Promise<ReadRecord> =>
  readUntil(kafka, topic, (record) =>
    places.some(([partition, offset]) => record.partition === partition && record.offset === offset),
  );

/** The first that a stock consumer finds. */
export const firstRecord = (kafka: Kafka, topic: string): Promise<ReadRecord> =>
  readUntil(kafka, topic, () => true);
