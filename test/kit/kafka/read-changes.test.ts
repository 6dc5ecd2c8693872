import { afterEach, describe, expect, test } from 'vitest';
import { openTopic } from '../../../subgraphs/kit/kafka/open-topic.ts';
import type { Topic } from '../../../subgraphs/kit/kafka/topic.ts';
import { brokers, createTopic, deleteTopic, produce, uniqueTopic } from '../../support/kafka.ts';
import { deleteRecordsBelow, setPartitions } from './cluster-actions.ts';
import { collect } from './collect.ts';

const topics: Topic[] = [];

const open = async (name: string, bufferBytes?: number): Promise<Topic> => {
  const topic = await openTopic({
    brokers: brokers().split(','),
    clientId: 'test',
    name,
    ...(bufferBytes === undefined ? {} : { bufferBytes }),
  });
  topics.push(topic);
  return topic;
};

afterEach(async () => {
  await Promise.all(topics.splice(0).map((topic) => topic.close()));
});

const values = (count: number, partition = 0) =>
  Array.from({ length: count }, (_, index) => ({ value: String(index), partition }));

describe('a topic that changes while it is read', () => {
  test('S5 partitions added later are read from 0', async () => {
    const name = uniqueTopic('grows');
    await createTopic(name);
    await produce(name, values(2));
    const topic = await open(name);
    const collected = collect();
    const reader = topic.read([1], collected.sink);
    await collected.until(() => collected.records().length === 1);
    await setPartitions(name, 3);
    // Apart: a new partition may have no leader yet, and a retry of both would write the other one twice.
    await produce(name, values(2, 1));
    await produce(name, values(2, 2));
    await collected.until(() => collected.records().length === 5);
    const added = collected.records().filter(({ partition }) => partition > 0);
    expect(new Set(added.map(({ partition, record }) => `${partition}/${record.offset}`))).toEqual(
      new Set(['1/0', '1/1', '2/0', '2/1']),
    );
    expect(topic.partitions).toBe(3);
    expect(reader.position).toEqual([2, 2, 2]);
  });

  test('a topic that is made again ends the reader and says so', async () => {
    const name = uniqueTopic('again');
    await createTopic(name);
    await produce(name, values(3));
    const topic = await open(name);
    let event: { was: string; now: string | null } | null = null;
    const collected = collect({
      recreated: (found) => {
        event = found;
      },
    });
    const reader = topic.read([], collected.sink);
    await collected.until(() => collected.records().length === 3);
    await deleteTopic(name);
    await createTopic(name);
    await produce(name, values(3));
    await collected.until(() => collected.events.includes('recreated'));
    await reader.done;
    const again = await open(name);
    expect(event).toEqual({
      was: topic.topicId,
      now: expect.toSatisfy((id) => id === null || id === again.topicId),
    });
    expect(again.topicId).not.toBe(topic.topicId);
    expect(collected.records()).toHaveLength(3);
    await expect(topic.latest()).rejects.toMatchObject({ code: 'CURSOR_EXPIRED' });
  });

  test('a topic that is gone ends the reader and says so', async () => {
    const name = uniqueTopic('gone');
    await createTopic(name);
    const topic = await open(name);
    const collected = collect();
    const reader = topic.read([], collected.sink);
    await produce(name, values(1));
    await collected.until(() => collected.records().length === 1);
    await deleteTopic(name);
    await collected.until(() => collected.events.includes('recreated'));
    await reader.done;
  });

  test('S11 a position below the log start is handed to the sink, which decides where to go on', async () => {
    const name = uniqueTopic('retention');
    await createTopic(name, { partitions: 2 });
    await produce(name, [...values(10, 0), ...values(4, 1)]);
    await deleteRecordsBelow(name, 0, 6);
    const topic = await open(name);
    const events: unknown[] = [];
    const collected = collect({
      outOfRange: async (event) => {
        events.push(event);
        return event.logStart + 1;
      },
    });
    topic.read([2, 0], collected.sink);
    await collected.until(() => collected.records().length === 7);
    expect(events).toEqual([{ partition: 0, position: 2, logStart: 6, end: 10 }]);
    const offsets = collected.records().filter(({ partition }) => partition === 0);
    expect(offsets.map(({ record }) => record.offset)).toEqual([7, 8, 9]);
  });

  test('S11 a position beyond the end is handed to the sink, never reset in silence', async () => {
    const name = uniqueTopic('beyond');
    await createTopic(name);
    await produce(name, values(3));
    const topic = await open(name);
    const events: unknown[] = [];
    const collected = collect({
      outOfRange: async (event) => {
        events.push(event);
        return event.end - 1;
      },
    });
    topic.read([50], collected.sink);
    await collected.until(() => collected.records().length === 1);
    expect(events).toEqual([{ partition: 0, position: 50, logStart: 0, end: 3 }]);
    expect(collected.values()).toEqual(['2']);
  });

  test('an error of the sink about a lost range ends the reader with it', async () => {
    const name = uniqueTopic('lost');
    await createTopic(name);
    const topic = await open(name);
    const reader = topic.read([5], collect({ outOfRange: () => Promise.reject(new Error('lost')) }).sink);
    await expect(reader.done).rejects.toThrow('lost');
  });
});

describe('a sink that is slow', () => {
  test('holds back its own partition at the bound, and no other', async () => {
    const name = uniqueTopic('slow');
    await createTopic(name, { partitions: 2 });
    const bound = 256 * 1024;
    const large = 'x'.repeat(16 * 1024);
    // Single records, so that a batch of the log is not larger than the bound itself.
    for (let round = 0; round < 8; round += 1) {
      await produce(
        name,
        Array.from({ length: 10 }, () => ({ value: large, partition: 0 })),
      );
    }
    const released = Promise.withResolvers<void>();
    const collected = collect({
      batch: ({ partition }) => (partition === 0 ? released.promise : Promise.resolve()),
    });
    const topic = await open(name, bound);
    const reader = topic.read([], collected.sink);
    await produce(name, values(3, 1));
    await collected.until(() => collected.records().length === 3);
    await produce(name, values(3, 1));
    await collected.until(() => collected.records().length === 6);
    expect(collected.records().every(({ partition }) => partition === 1)).toBe(true);
    // One batch of the log (160 KB) may come beyond the share of the partition, since brokers answer whole batches.
    expect(reader.stats.bytes).toBeLessThan(bound / 2 + 200 * 1024);
    released.resolve();
    await collected.until(() => collected.records().length === 86);
    expect(reader.position).toEqual([80, 6]);
  });
});
