import { Producer as CompressingProducer, stringSerializers } from '@platformatic/kafka';
import { CompressionTypes } from 'kafkajs';
import { afterEach, describe, expect, test } from 'vitest';
import type { Position } from '../../../schema/position.ts';
import { openTopic } from '../../../subgraphs/kit/kafka/open-topic.ts';
import type { Topic } from '../../../subgraphs/kit/kafka/topic.ts';
import type { RawBatch } from '../../../subgraphs/kit/records.ts';
import { brokers, createTopic, kafka, produce, uniqueTopic } from '../../support/kafka.ts';
import { deleteRecordsBelow, transact } from './cluster-actions.ts';

const topics: Topic[] = [];
const never = new AbortController().signal;

const open = async (name: string): Promise<Topic> => {
  const topic = await openTopic({ brokers: brokers().split(','), clientId: 'test', name });
  topics.push(topic);
  return topic;
};

afterEach(async () => {
  await Promise.all(topics.splice(0).map((topic) => topic.close()));
});

const batchesOf = async (topic: Topic, from: Position, until: Position): Promise<RawBatch[]> => {
  const batches: RawBatch[] = [];
  for await (const batch of topic.readRange(from, until, never)) batches.push(batch);
  return batches;
};

const offsetsOf = (batches: readonly RawBatch[], partition = 0): number[] =>
  batches
    .filter((batch) => batch.partition === partition)
    .flatMap(({ records }) => records.map(({ offset }) => offset));

const numbers = (from: number, until: number): number[] =>
  Array.from({ length: until - from }, (_, index) => from + index);

const values = (count: number) => Array.from({ length: count }, (_, index) => ({ value: String(index) }));

describe('reading a range', () => {
  test('S22 from ≤ offset < until comes exactly, by partition, and then the range ends', async () => {
    const name = uniqueTopic('range');
    await createTopic(name, { partitions: 3 });
    for (const partition of [0, 1, 2]) {
      await produce(
        name,
        values(20).map((record) => ({ ...record, partition })),
      );
    }
    const batches = await batchesOf(await open(name), [3, 20, 5], [17, 20, 6]);
    expect(offsetsOf(batches, 0)).toEqual(numbers(3, 17));
    expect(offsetsOf(batches, 1)).toEqual([]);
    expect(offsetsOf(batches, 2)).toEqual([5]);
    expect(Math.max(...batches.filter(({ partition }) => partition === 0).map(({ next }) => next))).toBe(17);
  });

  test('S22 a range is exact while others write', async () => {
    const name = uniqueTopic('range');
    await createTopic(name);
    await produce(name, values(10));
    const topic = await open(name);
    const stop = new AbortController();
    const writing = (async () => {
      while (!stop.signal.aborted) await produce(name, values(5));
    })();
    const [batches, further] = await Promise.all([batchesOf(topic, [0], [10]), batchesOf(topic, [4], [40])]);
    stop.abort();
    await writing;
    expect(offsetsOf(batches)).toEqual(numbers(0, 10));
    expect(offsetsOf(further)).toEqual(numbers(4, 40));
  });

  test('S22 a range ends although its last offsets are control batches and aborted records', async () => {
    const name = uniqueTopic('range');
    await createTopic(name);
    await transact(name, [
      { values: ['a', 'b', 'c'], commit: true },
      { values: ['d', 'e', 'f'], commit: false },
    ]);
    const topic = await open(name);
    expect(await topic.latest()).toEqual([8]);
    const batches = await batchesOf(topic, [1], [8]);
    expect(offsetsOf(batches)).toEqual([1, 2]);
    expect(batches.at(-1)?.next).toBe(8);
    expect(offsetsOf(await batchesOf(topic, [5], [7]))).toEqual([]);
  });

  test('S22 an empty range ends at once', async () => {
    const name = uniqueTopic('range');
    await createTopic(name, { partitions: 2 });
    const topic = await open(name);
    expect(await batchesOf(topic, [0, 0], [0, 0])).toEqual([]);
  });

  test('S11 a range that begins below the log start is CURSOR_EXPIRED with what is lost', async () => {
    const name = uniqueTopic('range');
    await createTopic(name);
    await produce(name, values(10));
    await deleteRecordsBelow(name, 0, 6);
    const topic = await open(name);
    await expect(batchesOf(topic, [2], [10])).rejects.toMatchObject({
      code: 'CURSOR_EXPIRED',
      extensions: { lost: [{ partition: 0, from: 2, until: 6 }] },
    });
  });

  test('abort ends a range that waits for records which never come, and a pending next() with it', async () => {
    const name = uniqueTopic('range');
    await createTopic(name);
    const topic = await open(name);
    const abort = new AbortController();
    const iterator = topic.readRange([0], [10], abort.signal)[Symbol.asyncIterator]();
    const pending = iterator.next();
    abort.abort();
    expect(await pending).toEqual({ done: true, value: undefined });
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  test('leaving the loop early stops reading', async () => {
    const name = uniqueTopic('range');
    await createTopic(name);
    for (let round = 0; round < 3; round += 1) await produce(name, values(5));
    const topic = await open(name);
    for await (const batch of topic.readRange([0], [15], never)) {
      expect(batch.records[0]?.offset).toBe(0);
      break;
    }
  });
});

describe('compression', () => {
  test('gzip written by kafkajs is read', async () => {
    const name = uniqueTopic('gzip');
    await createTopic(name);
    const producer = kafka().producer({ allowAutoTopicCreation: false });
    await producer.connect();
    await producer.send({ topic: name, compression: CompressionTypes.GZIP, messages: values(50) });
    await producer.disconnect();
    expect(offsetsOf(await batchesOf(await open(name), [0], [50]))).toEqual(numbers(0, 50));
  });

  test.each(['snappy', 'lz4', 'zstd', 'gzip'] as const)('%s is read', async (compression) => {
    const name = uniqueTopic(compression);
    await createTopic(name);
    const producer = new CompressingProducer({
      clientId: 'test',
      bootstrapBrokers: brokers().split(','),
      serializers: stringSerializers,
    });
    await producer.send({
      messages: values(50).map(({ value }) => ({ topic: name, value, partition: 0 })),
      compression,
    });
    await producer.close();
    const batches = await batchesOf(await open(name), [7], [50]);
    expect(batches.flatMap(({ records }) => records.map(({ value }) => String(value)))).toEqual(
      numbers(7, 50).map(String),
    );
  });
});
