import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Cursor } from '../../../schema/cursor/index.ts';
import { decodeCursor, encodeCursor } from '../../../schema/cursor/index.ts';
import { hashOf } from '../../../subgraphs/kit/subscriptions/start.ts';
import { Subscriptions } from '../../../subgraphs/kit/subscriptions/subscription.ts';
import { MemoryTopic, type Received, receive, request } from './memory-topic.ts';

const records = 20;
const turn = () => new Promise(setImmediate);

/** Well made, and nothing in it can be trusted: what a client may forge. */
const forged = (topic: MemoryTopic): fc.Arbitrary<Cursor> => {
  const served = topic.served();
  const { clusterId, topicId } = served.source.topic;
  const offset = fc.oneof({ weight: 5, arbitrary: fc.nat(records) }, fc.maxSafeNat());
  const position = fc.oneof(
    { weight: 4, arbitrary: fc.array(fc.nat(records / 2), { maxLength: 2 }) },
    fc.array(offset, { maxLength: 5 }),
    fc.integer({ min: 3, max: 10_000 }).map((count) => Array.from({ length: count }, () => 0)),
    fc.integer({ min: 3, max: 10_000 }).map((count) => Array.from({ length: count }, () => 7)),
  );
  return fc.record({
    clusterId: fc.oneof({ weight: 9, arbitrary: fc.constant(clusterId) }, fc.constant('another')),
    topicId: fc.oneof({ weight: 9, arbitrary: fc.constant(topicId) }, fc.constant('another')),
    position,
    epochs: fc.array(fc.nat(5), { maxLength: 3 }),
    time: fc.oneof(fc.constant(Date.now()), fc.maxSafeNat(), fc.constant(0)),
    filterHash: fc.oneof({ weight: 4, arbitrary: fc.constant(hashOf(served, { group: 'a' })) }, fc.nat()),
    snapshotUntil: fc.option(position, { nil: null }),
  });
};

/** Beyond what the topic has: waited for, and then NOT_YET. */
const isAhead = (topic: MemoryTopic, { position }: Cursor): boolean =>
  position.some((next, partition) => next > (topic.log[partition]?.length ?? 0));

const soon = async (): Promise<null> => {
  for (let turns = 0; turns < 20; turns += 1) await turn();
  return null;
};

/** What a bounded operation of group "a" answers to a cursor; a code when it is refused, null while it waits (S11). */
const answer = async (topic: MemoryTopic, cursor: Cursor): Promise<readonly Received[] | string | null> => {
  const known = topic.served();
  const { clusterId, topicId } = known.source.topic;
  // Kafka knows nothing of epochs that were made up.
  const kafka = {
    ...known.source.topic,
    epochEnds: async (epochs: readonly number[]) => epochs.map(() => null),
  };
  const served = { ...known, source: { ...known.source, topic: kafka } };
  const until = encodeCursor({
    ...cursor,
    clusterId,
    topicId,
    position: topic.stream.position,
    snapshotUntil: null,
  });
  const asked = request(served, { group: 'a' }, { cursor: encodeCursor(cursor), until });
  const subscription = new Subscriptions().open(asked);
  const over = receive(subscription).catch((error: { code?: string }) => error.code ?? String(error));
  const result = await (isAhead(topic, cursor) ? Promise.race([over, soon()]) : over);
  await subscription.return();
  return result;
};

const filled = (compact: boolean): MemoryTopic => {
  const topic = new MemoryTopic(2, { compact, windowBytes: 60 });
  for (let n = 0; n < records; n += 1) topic.append(n % 2, `k${n}`, n % 3 === 0 ? 'b' : 'a');
  return topic;
};

const inGroup = (key: string | null): boolean => key === null || Number(key.slice(1)) % 3 !== 0;

describe('S9 a cursor grants nothing', () => {
  test.each([
    ['event', false],
    ['change', true],
  ])(
    'whatever is in one, an %s stream gives what its own filter gives, or a typed error, at bounded cost',
    async (_kind, compact) => {
      const topic = filled(compact);
      const outcomes = new Set<string>();
      await fc.assert(
        fc.asyncProperty(forged(topic), async (cursor) => {
          const result = await answer(topic, cursor);
          if (result === null) {
            outcomes.add('WAITS');
            return;
          }
          if (typeof result === 'string') {
            outcomes.add(result);
            expect(result).toBe('CURSOR_EXPIRED');
            return;
          }
          outcomes.add('EVENTS');
          for (const { key, kind, at, cursor: given } of result) {
            if (kind !== 'DELETE') expect(inGroup(key)).toBe(true);
            expect(decodeCursor(given).position.length).toBeLessThanOrEqual(2);
            expect(decodeCursor(given).snapshotUntil?.length ?? 0).toBeLessThanOrEqual(2);
            if (at !== null && result[0]?.kind !== 'RESET')
              expect(at[1]).toBeGreaterThanOrEqual(cursor.position[at[0]] ?? 0);
          }
        }),
        { numRuns: 150 },
      );
      expect(outcomes).toContain('EVENTS');
      expect(outcomes).toContain('WAITS');
      expect(outcomes.has('CURSOR_EXPIRED')).toBe(!compact);
    },
  );
});

describe('S12 before a RESET', () => {
  test('no position is told: who went on from there would never be told to forget what it holds', async () => {
    const topic = filled(true);
    const asked = request(topic.served(), { group: 'a' });
    const subscription = new Subscriptions().open(asked);
    const [first] = await receive(subscription, 1);
    expect(first?.kind).toBe('RESET');
    expect(asked.started).toEqual([]);
    const resumed = request(topic.served(), { group: 'a' }, { cursor: first?.cursor ?? '' });
    const other = new Subscriptions().open(resumed);
    const [next] = await receive(other, 1);
    expect(next?.kind).toBe('SNAPSHOT');
    expect(resumed.started).toHaveLength(1);
    await Promise.all([subscription.return(), other.return()]);
  });
});
