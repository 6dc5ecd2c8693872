import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TributaryError } from '../../../schema/errors.ts';
import { createDeadLetters, deadLetterTopic } from '../../../subgraphs/kit/decode/dead-letters.ts';
import { openTopic } from '../../../subgraphs/kit/kafka/open-topic.ts';
import { createProducer, type Producer, type ProducerRecord } from '../../../subgraphs/kit/kafka/producer.ts';
import type { RawRecord } from '../../../subgraphs/kit/records.ts';
import { brokers, createTopic, uniqueTopic } from '../../support/kafka.ts';
import { collect } from '../kafka/collect.ts';

const log = pino({ level: 'silent' });
let producer: Producer;

beforeAll(async () => {
  producer = await createProducer({ brokers: brokers().split(','), clientId: 'test' });
});

afterAll(() => producer.close());

const record = (offset: number, value: string | null): RawRecord => ({
  offset,
  timestamp: 1_360_000_000_000,
  key: Buffer.from('k'),
  value: value === null ? null : Buffer.from(value),
  headers: [],
});

const options = (topic: string, send: Producer['send'] = (records) => producer.send(records)) => ({
  brokers: brokers().split(','),
  clientId: 'test',
  topic,
  producer: { send },
  create: true,
  replication: 1,
  log,
});

const lettersOf = async (topic: string, count: number) => {
  const opened = await openTopic({
    brokers: brokers().split(','),
    clientId: 'test',
    name: deadLetterTopic(topic),
  });
  const collected = collect();
  opened.read([], collected.sink);
  await collected.until(() => collected.records().length >= count);
  await opened.close();
  return collected.records().map(({ record: { key, value, headers } }) => ({
    key: String(key),
    value: String(value),
    headers: Object.fromEntries(headers.map(([name, content]) => [String(name), String(content)])),
  }));
};

describe('dead letters', () => {
  test('S23 hold the original bytes under topic/partition/offset, with the circumstances', async () => {
    const topic = uniqueTopic('letters');
    const letters = createDeadLetters(options(topic));
    await letters(record(42, '{broken'), 3, 'NOT_JSON', 'The value is not JSON.');
    await letters.flush();
    expect(letters.stats).toEqual({ written: 1, headersOnly: 0, lost: 0 });
    expect(await lettersOf(topic, 1)).toEqual([
      {
        key: `${topic}/3/42`,
        value: '{broken',
        headers: {
          'tributary.reason': 'NOT_JSON',
          'tributary.error': 'The value is not JSON.',
          'tributary.topic': topic,
          'tributary.partition': '3',
          'tributary.offset': '42',
          'tributary.timestamp': '1360000000000',
          'tributary.payload': 'whole',
          'tributary.key': 'k',
        },
      },
    ]);
  });

  test('S23 a payload that Kafka refuses is left out, and the rest is kept', async () => {
    const topic = uniqueTopic('letters');
    await createTopic(deadLetterTopic(topic), { config: { 'max.message.bytes': '2000' } });
    const letters = createDeadLetters(options(topic));
    await letters(record(1, 'x'.repeat(5_000)), 0, 'NOT_JSON');
    await letters.flush();
    expect(letters.stats).toEqual({ written: 0, headersOnly: 1, lost: 0 });
    const [letter] = await lettersOf(topic, 1);
    expect(letter?.value).toBe('');
    expect(letter?.headers['tributary.payload']).toBe('left out');
  });

  test('S23 a record without a value is no tombstone of its letter', async () => {
    const topic = uniqueTopic('letters');
    const letters = createDeadLetters(options(topic));
    await letters(record(1, null), 0, 'KEY_MISSING');
    await letters.flush();
    const [letter] = await lettersOf(topic, 1);
    expect(letter?.value).toBe('');
    expect(letter?.headers['tributary.payload']).toBe('null');
  });

  test('S23 what cannot be written is tried three times, then without its payload, then counted', async () => {
    const sent: ProducerRecord[] = [];
    const letters = createDeadLetters({
      ...options(uniqueTopic('letters'), (records) => {
        sent.push(...records);
        return Promise.reject(new TributaryError('KAFKA_UNAVAILABLE', 'No broker answers.'));
      }),
      create: false,
    });
    await letters(record(1, 'x'), 0, 'NOT_JSON');
    await letters.flush();
    expect(sent.map(({ value }) => String(value))).toEqual(['x', 'x', 'x', '']);
    expect(letters.stats).toEqual({ written: 0, headersOnly: 0, lost: 1 });
  });

  test('S23 there are none about dead letters', async () => {
    const letters = createDeadLetters(
      options(deadLetterTopic('any'), () => Promise.reject(new Error('Nothing is to be sent.'))),
    );
    await letters(record(1, 'x'), 0, 'NOT_JSON');
    expect(letters.stats).toEqual({ written: 0, headersOnly: 0, lost: 1 });
  });

  test('S23 letters wait when the queue is full, and go on as it empties', async () => {
    const released = Promise.withResolvers<void>();
    const letters = createDeadLetters({
      ...options(uniqueTopic('letters'), async () => {
        await released.promise;
        return [];
      }),
      create: false,
    });
    let accepted = 0;
    const all = Array.from({ length: 1_001 }, async (_, offset) => {
      await letters(record(offset, 'x'), 0, 'NOT_JSON');
      accepted += 1;
    });
    await Promise.all(all.slice(0, 1_000));
    expect(accepted).toBe(1_000);
    released.resolve();
    await Promise.all(all);
    await letters.flush();
    expect(letters.stats.written).toBe(1_001);
  });
});
