import { buildSchema, getOperationAST, parse } from 'graphql';
import { afterEach, expect, test } from 'vitest';
import { defaultLimits } from '../../../gateway/limits.ts';
import { Outbox } from '../../../gateway/usage/outbox.ts';
import { openUsage } from '../../../gateway/usage/usage.ts';
import { TributaryError } from '../../../schema/errors.ts';

const said: string[] = [];
const log = {
  info: (_details: object, message: string) => void said.push(message),
  warn: ({ lines = 0 }: { lines?: number }, message: string) =>
    void said.push(lines === 0 ? message : `${lines}: ${message}`),
};
afterEach(() => {
  said.length = 0;
});

const away = new TributaryError('KAFKA_UNAVAILABLE', 'nobody there');
const refused = new TributaryError('RECORD_REFUSED', 'no topic');

/** Takes lines, or rejects with what `failure` is. */
class Sink {
  readonly name = 'topic usage';
  readonly taken: string[] = [];
  readonly sizes: number[] = [];
  failure: Error | null = null;
  hold: Promise<void> | null = null;

  async write(lines: readonly string[]): Promise<void> {
    this.sizes.push(lines.length);
    await this.hold;
    if (this.failure !== null) throw this.failure;
    this.taken.push(...lines);
  }
}

const lines = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${from + i}`);

test('lines leave in order, in writes of bounded size', async () => {
  const sink = new Sink();
  const outbox = new Outbox(sink, 1_000_000, log);
  await outbox.add(lines(0, 1_200));
  expect(sink.sizes).toEqual([500, 500, 200]);
  expect(sink.taken).toEqual(lines(0, 1_200));
  expect(outbox.counters).toEqual({ written: 1_200, lost: 0, waiting: 0 });
  expect(said).toEqual([]);
});

test('what may be retried waits in order, and is told once', async () => {
  const sink = new Sink();
  const outbox = new Outbox(sink, 1_000_000, log);
  sink.failure = away;
  await outbox.add(lines(0, 600));
  await outbox.add(lines(600, 1));
  expect(outbox.counters).toEqual({ written: 0, lost: 0, waiting: 601 });
  sink.failure = null;
  await outbox.add([]);
  expect(sink.taken).toEqual(lines(0, 601));
  expect(outbox.counters).toEqual({ written: 601, lost: 0, waiting: 0 });
  expect(said).toEqual(['usage cannot be written; it waits', 'usage is written again']);
});

test('what would be refused again is lost and counted, and what comes behind it is written', async () => {
  const sink = new Sink();
  const outbox = new Outbox(sink, 1_000_000, log);
  sink.failure = refused;
  await outbox.add(lines(0, 3));
  sink.failure = null;
  await outbox.add(lines(3, 2));
  expect(sink.taken).toEqual(lines(3, 2));
  expect(outbox.counters).toEqual({ written: 2, lost: 3, waiting: 0 });
  expect(said).toEqual(['3: usage could not be written; it is lost']);
});

test('policy of the bound: the oldest are lost, and it is told how many', async () => {
  const sink = new Sink();
  const outbox = new Outbox(sink, 50, log);
  sink.failure = away;
  // Two bytes each.
  for (let from = 10; from < 50; from += 10) await outbox.add(lines(from, 10));
  expect(outbox.counters).toEqual({ written: 0, lost: 15, waiting: 25 });
  sink.failure = null;
  await outbox.add([]);
  expect(sink.taken).toEqual(lines(25, 25));
  expect(said.filter((text) => /oldest/.test(text))).toEqual([
    '5: usage waits for too long; the oldest of it is lost',
    '10: usage waits for too long; the oldest of it is lost',
  ]);
});

test('the bound holds while a write does not end, and nobody waits for it', async () => {
  const sink = new Sink();
  const outbox = new Outbox(sink, 50, log);
  const held = Promise.withResolvers<void>();
  sink.hold = held.promise;
  const writing = outbox.add(lines(10, 10));
  for (let from = 20; from < 70; from += 10) void outbox.add(lines(from, 10));
  expect(outbox.counters).toEqual({ written: 0, lost: 25, waiting: 35 });
  held.resolve();
  await writing;
  expect(sink.taken).toEqual([...lines(10, 10), ...lines(45, 25)]);
});

test('a sink that does not answer holds up neither another one nor the end', async () => {
  const [stuck, well] = [new Sink(), Object.assign(new Sink(), { name: 'topic other' })];
  stuck.hold = new Promise(() => undefined);
  const usage = await openUsage({ file: null, sinks: [stuck, well], limits: defaultLimits, log });
  const document = parse('query Seen { a }');
  const operation = getOperationAST(document);
  if (operation == null) throw new Error('no operation');
  usage.record({ schema: buildSchema('type Query { a: Int }'), document, operation }, false);
  await usage.stop();
  expect(well.taken.map((line) => JSON.parse(line))).toMatchObject([{ name: 'Seen', count: 1 }]);
  expect(usage.counters).toMatchObject({
    'topic usage': { written: 0, lost: 1 },
    'topic other': { written: 1, lost: 0, waiting: 0 },
  });
  expect(said).toEqual(['1: usage could not be written before the end; it is lost']);
});
