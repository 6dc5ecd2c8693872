import { type Admin, logLevel } from 'kafkajs';
import { kafka } from '../../support/kafka.ts';

const asAdmin = async (work: (admin: Admin) => Promise<unknown>): Promise<void> => {
  const admin = kafka().admin();
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.disconnect();
  }
};

/** Moves the log start of a partition, as retention does. */
export const deleteRecordsBelow = (topic: string, partition: number, offset: number): Promise<void> =>
  asAdmin(async (admin) => {
    // kafkajs 2.2.4 knows a topic's leaders here only after another call has asked for them.
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(offset) }] });
  });

export const setPartitions = (topic: string, count: number): Promise<void> =>
  asAdmin((admin) => admin.createPartitions({ topicPartitions: [{ topic, count }] }));

/** One transactional producer writes each list of values in a transaction of its own, then commits or aborts it. */
export const transact = async (
  topic: string,
  transactions: readonly { readonly values: readonly string[]; readonly commit: boolean }[],
): Promise<void> => {
  const client = kafka();
  client.logger().setLogLevel(logLevel.NOTHING);
  const producer = client.producer({
    transactionalId: topic,
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
  });
  await producer.connect();
  try {
    for (const { values, commit } of transactions) {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: values.map((value) => ({ key: 'g', value })) });
      await (commit ? transaction.commit() : transaction.abort());
    }
  } finally {
    await producer.disconnect();
  }
};
