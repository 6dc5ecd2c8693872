import { Partitioners } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { murmur2, partitionOfKey } from '../../../subgraphs/kit/kafka/murmur2.ts';
import { openTopic } from '../../../subgraphs/kit/kafka/open-topic.ts';
import { createProducer, type Producer } from '../../../subgraphs/kit/kafka/producer.ts';
import { brokers, createTopic, uniqueTopic } from '../../support/kafka.ts';
import { collect } from './collect.ts';

let producer: Producer;

beforeAll(async () => {
  producer = await createProducer({ brokers: brokers().split(','), clientId: 'test' });
});

afterAll(() => producer.close());

const readAll = async (name: string, count: number) => {
  const topic = await openTopic({ brokers: brokers().split(','), clientId: 'test', name });
  const collected = collect();
  topic.read([], collected.sink);
  await collected.until(() => collected.records().length >= count);
  await topic.close();
  return { topicId: topic.topicId, records: collected.records() };
};

describe('the partition of a key', () => {
  test('murmur2 gives what the Java client gives', () => {
    // Vectors of org.apache.kafka.common.utils.UtilsTest.
    const vectors: readonly (readonly [string, number])[] = [
      ['21', -973932308],
      ['foobar', -790332482],
      ['a-little-bit-long-string', -985981536],
      ['a-little-bit-longer-string', -1486304829],
      ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
      ['abc', 479470107],
    ];
    for (const [text, hash] of vectors) expect(murmur2(Buffer.from(text)), text).toBe(hash);
  });

  test('equals that of kafkajs, for keys of any length and bytes', () => {
    const partitioner = Partitioners.DefaultPartitioner();
    const partitionMetadata = Array.from({ length: 7 }, (_, partitionId) => ({
      partitionId,
      leader: 1,
      replicas: [1],
      isr: [1],
      partitionErrorCode: 0,
    }));
    for (let length = 0; length < 200; length += 1) {
      const key = Buffer.from(Array.from({ length }, (_, index) => (index * 37 + length * 11) % 256));
      const theirs = partitioner({ topic: 't', partitionMetadata, message: { key, value: null } });
      expect(partitionOfKey(key, 7), String(length)).toBe(theirs);
    }
  });
});

describe('writing', () => {
  test('S24 each position is the one where the record is read back, with key, headers and timestamp', async () => {
    const name = uniqueTopic('written');
    await createTopic(name, { partitions: 3 });
    const sends = Array.from({ length: 40 }, (_, send) =>
      Array.from({ length: (send % 4) + 1 }, (_, index) => ({
        topic: name,
        key: send % 5 === 0 ? null : `key-${send % 7}`,
        value: `${send}/${index}`,
        headers: { send: String(send) },
        timestamp: 1_360_000_000_000 + send,
      })),
    );
    const written = await Promise.all(sends.map((records) => producer.send(records)));
    const { topicId, records } = await readAll(name, sends.flat().length);
    const read = new Map(records.map((found) => [`${found.partition}/${found.record.offset}`, found.record]));
    expect(records).toHaveLength(sends.flat().length);
    for (const [send, positions] of written.entries()) {
      for (const [index, position] of positions.entries()) {
        const record = read.get(`${position.partition}/${position.offset}`)!;
        expect(position.topicId).toBe(topicId);
        expect(String(record.value)).toBe(`${send}/${index}`);
        expect(record.timestamp).toBe(position.timestamp);
        expect(record.headers.map(([key, value]) => [String(key), String(value)])).toEqual([
          ['send', String(send)],
        ]);
      }
    }
  });

  test('records of one key keep their order over concurrent sends', async () => {
    const name = uniqueTopic('order');
    await createTopic(name, { partitions: 2 });
    const values = Array.from({ length: 200 }, (_, index) => String(index));
    await Promise.all(values.map((value) => producer.send([{ topic: name, key: 'same', value }])));
    const { records } = await readAll(name, values.length);
    expect(records.map(({ record }) => String(record.value))).toEqual(values);
  });

  test('a record that is too large is refused, and those that left with it are written', async () => {
    const name = uniqueTopic('large');
    await createTopic(name, { config: { 'max.message.bytes': '20000' } });
    const values = ['a', 'b', 'x'.repeat(30_000), 'c', 'd'];
    const results = await Promise.allSettled(
      values.map((value) => producer.send([{ topic: name, key: 'k', value }])),
    );
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
    expect(results[2]).toMatchObject({
      reason: { code: 'RECORD_REFUSED', message: expect.stringContaining('max.message.bytes') },
    });
    const { records } = await readAll(name, 4);
    expect(records.map(({ record }) => String(record.value))).toEqual(['a', 'b', 'c', 'd']);
  });

  test('a keyless record on a compacted topic is refused with the cure', async () => {
    const name = uniqueTopic('keyless');
    await createTopic(name, { config: { 'cleanup.policy': 'compact' } });
    await expect(producer.send([{ topic: name, key: null, value: 'a' }])).rejects.toMatchObject({
      code: 'RECORD_REFUSED',
      message: expect.stringContaining('need a key'),
    });
    await expect(producer.send([{ topic: name, key: 'k', value: null }])).resolves.toHaveLength(1);
  });

  test('a topic that is missing is refused before anything is written', async () => {
    const name = uniqueTopic('present');
    await createTopic(name);
    const both = [name, uniqueTopic('missing')].map((topic) => ({ topic, key: null, value: 'a' }));
    await expect(producer.send(both)).rejects.toMatchObject({ code: 'RECORD_REFUSED' });
    const topic = await openTopic({ brokers: brokers().split(','), clientId: 'test', name });
    expect(await topic.latest()).toEqual([0]);
    await topic.close();
  });

  test('a cluster that does not answer is KAFKA_UNAVAILABLE with its address', async () => {
    await expect(createProducer({ brokers: ['127.0.0.1:1'], clientId: 'test' })).rejects.toMatchObject({
      code: 'KAFKA_UNAVAILABLE',
      message: expect.stringContaining('127.0.0.1:1'),
    });
  });
});
