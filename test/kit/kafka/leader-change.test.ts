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
  await cluster.start(killed);
}, 120_000);

test('S11 a reader that begins behind a view sees at its first fetch that the log no longer continues it', async () => {
  const client = { brokers: [...cluster.addresses], clientId: 'test' };
  const name = 'continued';
  await createTopicIfMissing({ ...client, name, partitions: 1, replication: 3, config: {} });
  const producer = await createProducer(client);
  const write = async (from: number, until: number) => {
    for (let n = from; n < until; n++) await producer.send([{ topic: name, key: 'k', value: String(n) }]);
  };
  const begun = await openTopic({ ...client, name });
  const before = collect();
  begun.read([], before.sink);
  await write(0, 5);
  await before.until(() => before.records().length === 5);
  const epoch = before.batches.at(-1)?.leaderEpoch ?? -1;
  await begun.close();
  const [leader = 0] = await leadersOf(client.brokers, name);
  await cluster.kill(leader);
  await write(5, 10);
  await cluster.start(leader);

  // A view that holds 0 to 7 of the first leader: it lost 5 to 7, and other records have these offsets now.
  const topic = await openTopic({ ...client, name });
  const asked: { position: number; end: number }[] = [];
  const outOfRange = async (event: { position: number; end: number }) => {
    asked.push(event);
    return event.end;
  };
  const collected = collect({ outOfRange });
  topic.read([8], collected.sink, [epoch]);
  await collected.until(() => collected.records().length === 5);
  expect(asked).toMatchObject([{ partition: 0, position: 8, end: 5 }]);
  expect(collected.values()).toEqual(['5', '6', '7', '8', '9']);
  await topic.close();

  // One that the log continues is read on, whoever leads now.
  const again = await openTopic({ ...client, name });
  const rest = collect();
  again.read([4], rest.sink, [epoch]);
  await rest.until(() => rest.records().length === 6);
  expect([rest.values(), rest.events]).toEqual([['4', '5', '6', '7', '8', '9'], []]);
  await again.close();
  await producer.close();
}, 120_000);
