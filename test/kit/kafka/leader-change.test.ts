import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTopicIfMissing } from '../../../subgraphs/kit/kafka/admin.ts';
import { openTopic } from '../../../subgraphs/kit/kafka/open-topic.ts';
import { createProducer } from '../../../subgraphs/kit/kafka/producer.ts';
import { collect } from './collect.ts';
import { startThreeBrokers, type ThreeBrokers } from './three-brokers.ts';

let cluster: ThreeBrokers;

beforeAll(async () => {
  cluster = await startThreeBrokers();
}, 120_000);

afterAll(() => cluster[Symbol.asyncDispose]());

const leadersOf = async (brokers: string[], topic: string): Promise<number[]> => {
  const admin = new Kafka({ clientId: 'test', brokers, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const metadata = await admin.fetchTopicMetadata({ topics: [topic] });
  await admin.disconnect();
  return metadata.topics.flatMap(({ partitions }) => partitions.map(({ leader }) => leader));
};

test('a leader that is killed under writes: the reader goes on at the new one, nothing is lost or doubled', async () => {
  const client = { brokers: [...cluster.addresses], clientId: 'test' };
  const name = 'led';
  await createTopicIfMissing({
    ...client,
    name,
    partitions: 6,
    replication: 3,
    config: { 'min.insync.replicas': '2' },
  });
  expect(new Set(await leadersOf(client.brokers, name)).size).toBeGreaterThan(1);
  const topic = await openTopic({ ...client, name });
  const producer = await createProducer(client);
  const collected = collect();
  const reader = topic.read([], collected.sink);

  const total = 600;
  const killed = (await leadersOf(client.brokers, name))[0]!;
  const written: Promise<unknown>[] = [];
  for (let value = 0; value < total; value += 1) {
    written.push(producer.send([{ topic: name, key: `key-${value % 30}`, value: String(value) }]));
    // Paced by the reader, so that the kill falls among writes and reads.
    if (value % 50 === 49) await collected.until(() => collected.records().length > value - 100);
    if (value === total / 2) void cluster.kill(killed);
  }
  await Promise.all(written);
  await collected.until(() => collected.records().length >= total);

  const read = collected.records().map(({ partition, record }) => `${partition}/${record.offset}`);
  expect(new Set(read).size).toBe(total);
  expect(
    collected
      .values()
      .map(Number)
      .sort((a, b) => a - b),
  ).toEqual(Array.from({ length: total }, (_, n) => n));
  for (let key = 0; key < 30; key += 1) {
    const ofKey = collected.records().filter(({ record }) => String(record.key) === `key-${key}`);
    const order = ofKey.map(({ record }) => Number(record.value));
    expect(order).toEqual([...order].sort((a, b) => a - b));
  }
  expect(collected.events).toEqual([]);
  expect(await leadersOf(client.brokers, name)).not.toContain(killed);
  await reader.stop();
  await topic.close();
  await producer.close();
}, 120_000);
