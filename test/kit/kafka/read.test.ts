import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { covers } from '../../../schema/position.ts';
import { openTopic } from '../../../subgraphs/kit/kafka/open-topic.ts';
import type { Topic } from '../../../subgraphs/kit/kafka/topic.ts';
import { brokers, createTopic, produce, uniqueTopic } from '../../support/kafka.ts';
import { transact } from './cluster-actions.ts';
import { collect } from './collect.ts';

const topics: Topic[] = [];

const open = async (name: string): Promise<Topic> => {
  const topic = await openTopic({ brokers: brokers().split(','), clientId: 'test', name });
  topics.push(topic);
  return topic;
};

afterEach(async () => {
  await Promise.all(topics.splice(0).map((topic) => topic.close()));
});

const numbered = (count: number) => Array.from({ length: count }, (_, index) => String(index));

describe('reading a topic', () => {
  test('S5 every record of every partition comes once, in order, with key, headers and timestamp', async () => {
    const name = uniqueTopic('read');
    await createTopic(name, { partitions: 3 });
    const topic = await open(name);
    const collected = collect();
    const reader = topic.read([], collected.sink);
    await produce(
      name,
      numbered(300).map((value) => ({
        key: value,
        value,
        partition: Number(value) % 3,
        timestamp: 1_360_000_000_000 + Number(value),
        headers: { source: 'test' },
      })),
    );
    await collected.until(() => collected.records().length === 300);
    expect(new Set(collected.values()).size).toBe(300);
    for (const partition of [0, 1, 2]) {
      const offsets = collected.records().filter((found) => found.partition === partition);
      expect(offsets.map(({ record }) => record.offset)).toEqual(Array.from({ length: 100 }, (_, at) => at));
    }
    const { record } = collected.records().find((found) => String(found.record.value) === '7')!;
    expect(String(record.key)).toBe('7');
    expect(record.timestamp).toBe(1_360_000_000_007);
    expect(record.headers.map(([key, value]) => [String(key), String(value)])).toEqual([['source', 'test']]);
    expect(reader.position).toEqual([100, 100, 100]);
    expect(reader.lag).toBe(0);
    expect(reader.connected).toBe(true);
    await reader.stop();
    await reader.done;
  });

  test('S5 reading goes on from a position, and a position in the middle of a batch gives no record before it', async () => {
    const name = uniqueTopic('read');
    await createTopic(name);
    await produce(
      name,
      numbered(10).map((value) => ({ value })),
    );
    const topic = await open(name);
    const collected = collect();
    topic.read([6], collected.sink);
    await collected.until(() => collected.records().length === 4);
    expect(collected.values()).toEqual(['6', '7', '8', '9']);
  });

  test('S5 aborted transactions never come, committed ones do, and the position passes the markers', async () => {
    const name = uniqueTopic('transactions');
    await createTopic(name);
    // The same producer aborts several times: a filter with one range a producer lets the first ones through.
    const rounds = [false, true, false, false, true, false].map((commit, round) => ({
      values: [`${round}a`, `${round}b`],
      commit,
    }));
    await transact(name, rounds);
    const expected = rounds.filter(({ commit }) => commit).flatMap(({ values }) => values);
    const topic = await open(name);
    const latest = await topic.latest();
    const collected = collect();
    const reader = topic.read([], collected.sink);
    await collected.until(() => covers(reader.position, latest));
    expect(collected.values()).toEqual(expected);
    expect(latest).toEqual([18]);
  });

  test('a topic that is missing and a cluster that is away are told apart, with the cure', async () => {
    const missing = openTopic({
      brokers: brokers().split(','),
      clientId: 'test',
      name: uniqueTopic('missing'),
    });
    await expect(missing).rejects.toMatchObject({ code: 'TOPIC_MISMATCH' });
    const away = openTopic({ brokers: ['127.0.0.1:1'], clientId: 'test', name: 'any', timeoutMs: 300 });
    await expect(away).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE' });
  });

  test('a broker that takes connections and never answers is KAFKA_UNAVAILABLE in time', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const before = performance.now();
    const opened = openTopic({
      brokers: [`127.0.0.1:${port}`],
      clientId: 'test',
      name: 'any',
      timeoutMs: 300,
    });
    await expect(opened).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE' });
    expect(performance.now() - before).toBeLessThan(1_000);
    silent.close();
  });

  test('a sink that rejects ends the reader with its error', async () => {
    const name = uniqueTopic('rejects');
    await createTopic(name);
    const topic = await open(name);
    const reader = topic.read([], collect({ batch: () => Promise.reject(new Error('full disk')) }).sink);
    await produce(name, [{ value: 'a' }]);
    await expect(reader.done).rejects.toThrow('full disk');
  });

  test('stop settles while a fetch is held open by the broker', async () => {
    const name = uniqueTopic('stop');
    await createTopic(name);
    const topic = await open(name);
    const collected = collect();
    const reader = topic.read([], collected.sink);
    await produce(name, [{ value: 'a' }]);
    await collected.until(() => collected.records().length === 1);
    const before = performance.now();
    await reader.stop();
    expect(performance.now() - before).toBeLessThan(100);
  });
});

describe('offsets of a topic', () => {
  test('earliest, latest and the first offset at or after a time', async () => {
    const name = uniqueTopic('offsets');
    await createTopic(name, { partitions: 2 });
    await produce(
      name,
      numbered(5).map((value) => ({ value, partition: 0, timestamp: 1_000_000 + Number(value) * 1_000 })),
    );
    const topic = await open(name);
    expect(await topic.earliest()).toEqual([0, 0]);
    expect(await topic.latest()).toEqual([5, 0]);
    expect(await topic.at(1_002_500)).toEqual([3, 0]);
    expect(await topic.at(9_000_000)).toEqual([5, 0]);
  });
});
