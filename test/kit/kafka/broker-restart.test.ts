import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LocalBroker, startBroker } from '../../../local/kafka/index.ts';
import { createTopicIfMissing } from '../../../subgraphs/kit/kafka/admin.ts';
import { openTopic } from '../../../subgraphs/kit/kafka/open-topic.ts';
import { createProducer } from '../../../subgraphs/kit/kafka/producer.ts';
import { collect } from './collect.ts';

let directory: string;
let broker: LocalBroker;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tributary-restart-'));
  broker = await startBroker({ directory });
});

afterAll(async () => {
  await broker.kill();
  await rm(directory, { recursive: true, force: true });
});

test('a broker that is killed and comes back: the reader goes on, nothing is lost or doubled', async () => {
  const client = { brokers: [broker.brokers], clientId: 'test' };
  const name = 'restarted';
  await createTopicIfMissing({ ...client, name, partitions: 3, replication: 1, config: {} });
  const topic = await openTopic({ ...client, name });
  const producer = await createProducer(client);
  const collected = collect();
  const reader = topic.read([], collected.sink);
  const write = (from: number, until: number) =>
    producer.send(
      Array.from({ length: until - from }, (_, index) => ({
        topic: name,
        key: `key-${(from + index) % 10}`,
        value: String(from + index),
      })),
    );
  await write(0, 100);
  await collected.until(() => collected.records().length === 100);
  expect(reader.connected).toBe(true);

  await broker.kill();
  await expect.poll(() => reader.connected, { timeout: 10_000 }).toBe(false);
  broker = await startBroker({ directory, port: broker.port });

  const written = await write(100, 200);
  await collected.until(() => collected.records().length >= 200);
  expect(reader.connected).toBe(true);
  const read = collected.records().map(({ partition, record }) => `${partition}/${record.offset}`);
  expect(new Set(read).size).toBe(200);
  expect(
    collected
      .values()
      .map(Number)
      .sort((a, b) => a - b),
  ).toEqual(Array.from({ length: 200 }, (_, n) => n));
  for (const { partition, offset } of written) expect(read).toContain(`${partition}/${offset}`);
  expect(collected.events).toEqual([]);

  // Stopping must not wait for a broker that is away.
  await broker.kill();
  await expect.poll(() => reader.connected, { timeout: 10_000 }).toBe(false);
  const before = performance.now();
  await reader.stop();
  expect(performance.now() - before).toBeLessThan(200);
  await topic.close();
  await producer.close();
});
