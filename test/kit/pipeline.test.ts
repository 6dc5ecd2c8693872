import { existsSync } from 'node:fs';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { TopicDescription } from '../../schema/description.ts';
import type { Position } from '../../schema/position.ts';
import type { DeadLetters } from '../../subgraphs/kit/decode/dead-letters.ts';
import type { Reader, ReaderSink, Topic } from '../../subgraphs/kit/kafka/topic.ts';
import { Pipeline } from '../../subgraphs/kit/pipeline.ts';
import type { RawBatch } from '../../subgraphs/kit/records.ts';
import { openSqliteView } from '../../subgraphs/kit/view/sqlite.ts';
import { temporaryDirectory } from './subgraph/running.ts';

const description = (cleanup: TopicDescription['cleanup']): TopicDescription => ({
  type: 'Thing',
  name: 'things',
  key: ['id'],
  cleanup,
  partitions: 1,
  onInvalid: 'SKIP',
  indexes: [],
  entityKeys: [],
  fields: [
    {
      name: 'id',
      source: { kind: 'value', path: ['id'] },
      type: { kind: 'scalar', name: 'ID', nonNull: true },
    },
  ],
});

interface Given {
  readonly onInvalid?: TopicDescription['onInvalid'];
  readonly deadLetters?: DeadLetters;
}

/** A pipeline over a reader that the test plays; says nothing of Kafka. */
const setup = async (cleanup: TopicDescription['cleanup'], end: Position, given: Given = {}) => {
  const { onInvalid = 'SKIP', deadLetters = null } = given;
  const directory = await temporaryDirectory();
  let sink: ReaderSink | null = null;
  const reader: Reader = {
    position: end,
    lag: 0,
    connected: true,
    stats: { fetches: 0, records: 0, bytes: 0, metadataRefreshes: 0 },
    epochs: [],
    heldBack: null,
    done: new Promise(() => undefined),
    stop: async () => undefined,
  };
  const topic = {
    name: 'things',
    clusterId: 'cluster',
    topicId: 'topic',
    earliest: async () => end.map(() => 0),
    latest: async () => end,
    at: async () => end.map(() => 0),
    read: (_from: Position, given: ReaderSink) => {
      sink = given;
      return reader;
    },
    close: async () => undefined,
  } as unknown as Topic;
  const view =
    cleanup === 'COMPACT'
      ? await openSqliteView({ directory, description: description(cleanup), identity: topic })
      : null;
  const options = {
    description: { ...description(cleanup), onInvalid },
    topic,
    view,
    tombstoneRetentionMs: 1_000_000,
  };
  const log = pino({ level: 'silent' });
  const pipeline = await Pipeline.open({ ...options, deadLetters, log });
  onTestFinished(() => pipeline.close());
  if (sink === null) throw new Error('nothing reads');
  const reading: ReaderSink = sink;
  const give = (offset: number, undecodable: RawBatch['undecodable'] = []) =>
    reading.batch({
      partition: 0,
      records: [
        { offset, timestamp: 0, key: Buffer.from('a'), value: Buffer.from('{"id":"a"}'), headers: [] },
      ],
      undecodable,
      next: offset + 1,
      leaderEpoch: 0,
      lastStableOffset: 1,
      highWatermark: 1,
      logStartOffset: 0,
    });
  /** What holds no records: markers of transactions, what was aborted. */
  const pass = (partition: number, next: number) =>
    reading.batch({
      partition,
      records: [],
      undecodable: [],
      next,
      leaderEpoch: 0,
      lastStableOffset: next,
      highWatermark: next,
      logStartOffset: 0,
    });
  return { pipeline, sink: reading, view, give, pass };
};

describe('S11 a position that the log does not go on from', () => {
  test('S11 an event stream goes on behind the gap, and holds nothing from before it', async () => {
    const { pipeline, sink, give } = await setup('DELETE', [0]);
    await give(0);
    expect(await sink.outOfRange({ partition: 0, position: 1, logStart: 10, end: 20 })).toBe(10);
    expect(pipeline.stream.position).toEqual([10]);
    expect(pipeline.stream.holdsFrom([1])).toBe(false);
    expect(pipeline.stream.holdsFrom([10])).toBe(true);
  });

  test.each(['DELETE', 'COMPACT'] as const)(
    'S28 it is ready when every partition reached the end of the start, and not before: %s',
    async (cleanup) => {
      const { pipeline, give, pass } = await setup(cleanup, [2, 4]);
      const isReady = vi.fn();
      void pipeline.ready.then(isReady);
      await give(0);
      await give(1);
      // The end of the other partition may be behind markers and aborted records: its position says so, no record does.
      await pass(1, 3);
      expect([pipeline.isReady, isReady.mock.calls.length]).toEqual([false, 0]);
      await pass(1, 4);
      await pipeline.ready;
      expect(pipeline.isReady).toBe(true);
    },
  );

  test('S28 what retention removed during the start does not keep it from being ready', async () => {
    const { pipeline, sink } = await setup('DELETE', [10]);
    await sink.outOfRange({ partition: 0, position: 0, logStart: 10, end: 10 });
    await pipeline.ready;
  });

  test.each([
    ['removed records', { partition: 0, position: 1, logStart: 10, end: 20 }],
    ['a truncated log', { partition: 0, position: 9, logStart: 0, end: 5 }],
  ])('S11 a view is built anew after %s', async (_name, event) => {
    const { sink, view, give } = await setup('COMPACT', [0]);
    await give(0);
    expect(existsSync(view?.file ?? '')).toBe(true);
    await expect(sink.outOfRange(event)).rejects.toMatchObject({ code: 'TOPIC_MISMATCH' });
    expect(existsSync(view?.file ?? '')).toBe(false);
  });

  test('an event stream does not go on from a truncated log', async () => {
    const { sink } = await setup('DELETE', [0]);
    await expect(sink.outOfRange({ partition: 0, position: 9, logStart: 0, end: 5 })).rejects.toMatchObject({
      code: 'TOPIC_MISMATCH',
    });
  });
});

describe('S23 a batch that cannot be decoded', () => {
  const undecodable = [{ from: 0, until: 3, reason: 'a codec' }];

  test('S23 is counted and kept as a letter without payload, and the records behind it come', async () => {
    const letters: unknown[] = [];
    const keep = async (...letter: unknown[]) => void letters.push(letter);
    const stats = { written: 0, headersOnly: 0, lost: 0 };
    const deadLetters: DeadLetters = Object.assign(keep, { stats, flush: async () => undefined });
    const { pipeline, give } = await setup('DELETE', [0], { onInvalid: 'DEAD_LETTER', deadLetters });
    await give(3, undecodable);
    expect(pipeline.state).toMatchObject({
      position: [4],
      unreadable: 1,
      undecodable: { batches: 1, latest: { partition: 0, from: 0, until: 3 } },
    });
    expect(letters).toMatchObject([
      [{ offset: 0, value: null }, 0, 'BATCH_UNDECODABLE', expect.stringContaining('offsets 0 to 2')],
    ]);
    expect(pipeline.stream.recent([0], 0, 10).events.map(({ offset }) => offset)).toEqual([3]);
  });

  test('S23 ends the reading where onInvalid is STOP', async () => {
    const { give } = await setup('DELETE', [0], { onInvalid: 'STOP' });
    await expect(give(3, undecodable)).rejects.toMatchObject({ code: 'RECORD_UNREADABLE' });
  });
});
