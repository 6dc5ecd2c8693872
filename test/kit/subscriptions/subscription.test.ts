import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeCursor } from '../../../schema/cursor/index.ts';
import { catchUpLimits } from '../../../subgraphs/kit/subscriptions/limits.ts';
import { Subscriptions } from '../../../subgraphs/kit/subscriptions/subscription.ts';
import { MemoryTopic, receive, request } from './memory-topic.ts';

const events = (windowBytes = 1_000_000) => new MemoryTopic(2, { compact: false, windowBytes });
const changes = (windowBytes = 1_000_000) => new MemoryTopic(2, { compact: true, windowBytes });

describe('event streams', () => {
  test('S1 S6 from now on: what matches, with its place and a cursor behind it', async () => {
    const topic = events();
    topic.append(0, 'before', 'a');
    const asked = request(topic.served(), { group: 'a' });
    const subscription = new Subscriptions().open(asked);
    const taken = receive(subscription, 2);
    await Promise.resolve();
    await new Promise(setImmediate);
    topic.append(0, 'one', 'a');
    topic.append(0, 'other', 'b');
    topic.append(1, 'two', 'a');
    const received = await taken;
    expect(received.map(({ key, at }) => [key, at])).toEqual([
      ['one', [0, 1]],
      ['two', [1, 0]],
    ]);
    expect(decodeCursor(received[1]?.cursor ?? '').position).toEqual([3, 1]);
    expect(decodeCursor(asked.started[0] ?? '').position).toEqual([1, 0]);
    await subscription.return();
  });

  test('S22 a cursor within the window resumes from memory; an older one by a side fetch', async () => {
    const topic = events(50);
    for (let n = 0; n < 20; n++) topic.append(n % 2, `k${n}`, 'a');
    const all = await receive(
      new Subscriptions().open(request(topic.served(), {}, { from: 'EARLIEST' })),
      20,
    );
    expect(all.map(({ at }) => at?.join('/')).sort()).toEqual(
      Array.from({ length: 20 }, (_, n) => `${n % 2}/${Math.floor(n / 2)}`).sort(),
    );
    expect(topic.sideFetches).toBe(1);
    const near = all.at(-2)?.cursor ?? '';
    const rest = await receive(new Subscriptions().open(request(topic.served(), {}, { cursor: near })), 1);
    expect(rest[0]?.at).toEqual(all.at(-1)?.at);
    expect(topic.sideFetches).toBe(1);
  });

  test('S8 a cursor of another filter still holds its position', async () => {
    const topic = events();
    topic.append(0, 'one', 'a');
    const [first] = await receive(
      new Subscriptions().open(request(topic.served(), { group: 'a' }, { from: 'EARLIEST' })),
      1,
    );
    topic.append(0, 'two', 'b');
    const [second] = await receive(
      new Subscriptions().open(request(topic.served(), {}, { cursor: first?.cursor ?? '' })),
      1,
    );
    expect(second?.key).toBe('two');
  });

  test('S14 a bounded operation brings exactly what lies between, then says where it ends', async () => {
    const topic = events(30);
    for (let n = 0; n < 12; n++) topic.append(n % 2, `k${n}`, 'a');
    const all = await receive(
      new Subscriptions().open(request(topic.served(), {}, { from: 'EARLIEST' })),
      12,
    );
    const from = all[2]?.cursor ?? '';
    const until = all[9]?.cursor ?? '';
    const asked = request(topic.served(), {}, { cursor: from, until });
    const between = await receive(new Subscriptions().open(asked));
    expect(between.map(({ at }) => at?.join('/')).sort()).toEqual(
      all
        .slice(3, 10)
        .map(({ at }) => at?.join('/'))
        .sort(),
    );
    expect(decodeCursor(asked.ended[0] ?? '').position).toEqual(decodeCursor(until).position);
  });

  test('S11 a cursor of a topic that was made again has expired', async () => {
    const topic = events();
    topic.append(0, 'one', 'a');
    const [first] = await receive(
      new Subscriptions().open(request(topic.served(), {}, { from: 'EARLIEST' })),
      1,
    );
    const served = topic.served();
    const again = {
      ...served,
      source: { ...served.source, topic: { ...served.source.topic, topicId: 'another' } },
    };
    const subscription = new Subscriptions().open(request(again, {}, { cursor: first?.cursor ?? '' }));
    await expect(subscription.next()).rejects.toMatchObject({ code: 'CURSOR_EXPIRED' });
  });

  test('leaving ends an operation that waits, at once', async () => {
    const subscriptions = new Subscriptions();
    const subscription = subscriptions.open(request(events().served()));
    const waiting = subscription.next();
    await new Promise(setImmediate);
    expect(subscriptions.counters).toMatchObject({ operations: 1, subscriptions: 1 });
    await subscription.return();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(subscriptions.counters).toMatchObject({ operations: 0, subscriptions: 0 });
  });
});

describe('change streams', () => {
  test('S2 S12 a snapshot begins with RESET and ends with UP_TO_DATE, also when it is empty', async () => {
    const topic = changes();
    topic.append(0, 'x', 'a');
    topic.append(1, 'y', 'b');
    topic.append(0, 'x', 'b');
    topic.append(1, 'gone', 'a');
    topic.append(1, 'gone', null);
    const received = await receive(new Subscriptions().open(request(topic.served())), 4);
    expect(received.map(({ kind, key }) => [kind, key])).toEqual([
      ['RESET', null],
      ['SNAPSHOT', 'x'],
      ['SNAPSHOT', 'y'],
      ['UP_TO_DATE', null],
    ]);
    const empty = await receive(new Subscriptions().open(request(topic.served(), { group: 'none' })), 2);
    expect(empty.map(({ kind, at }) => [kind, at])).toEqual([
      ['RESET', null],
      ['UP_TO_DATE', null],
    ]);
  });

  test('S4 catch-up sends each changed key once: UPSERT when it matches now, else DELETE', async () => {
    const topic = changes();
    topic.append(0, 'stays', 'a');
    topic.append(0, 'leaves', 'a');
    topic.append(1, 'dies', 'a');
    const before = await receive(new Subscriptions().open(request(topic.served(), { group: 'a' })), 5);
    topic.append(0, 'leaves', 'b');
    topic.append(0, 'enters', 'a');
    topic.append(0, 'enters', 'a');
    topic.append(1, 'dies', null);
    const cursor = before.at(-1)?.cursor ?? '';
    const after = await receive(
      new Subscriptions().open(request(topic.served(), { group: 'a' }, { cursor })),
      4,
    );
    expect(after.map(({ kind, key }) => [kind, key])).toEqual([
      ['DELETE', 'leaves'],
      ['UPSERT', 'enters'],
      ['DELETE', 'dies'],
      ['UP_TO_DATE', null],
    ]);
  });

  test('S8 a cursor of another filter means RESET and a snapshot', async () => {
    const topic = changes();
    topic.append(0, 'x', 'a');
    const first = await receive(new Subscriptions().open(request(topic.served(), { group: 'a' })), 3);
    const cursor = first.at(-1)?.cursor ?? '';
    const other = await receive(
      new Subscriptions().open(request(topic.served(), { group: 'b' }, { cursor })),
      2,
    );
    expect(other.map(({ kind }) => kind)).toEqual(['RESET', 'UP_TO_DATE']);
  });

  test('the operation that is shared begins without a snapshot, and says that one is due', async () => {
    const topic = changes();
    topic.append(0, 'x', 'a');
    const asked = request(topic.served(), {}, { live: true });
    const subscription = new Subscriptions().open(asked);
    const taken = receive(subscription, 1);
    await new Promise(setImmediate);
    topic.append(0, 'y', 'a');
    expect((await taken).map(({ kind, key }) => [kind, key])).toEqual([['UPSERT', 'y']]);
    expect(asked.snapshots).toEqual([true]);
    await subscription.return();
  });
});

type Step =
  | { readonly partition: number; readonly key: number; readonly group: string | null }
  | 'TURN'
  | 'BREAK';
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ partition: fc.nat(1), key: fc.nat(5), group: fc.constantFrom('a', 'b', null) }),
  },
  { weight: 3, arbitrary: fc.constant('TURN' as const) },
  { weight: 1, arbitrary: fc.constant('BREAK' as const) },
);

/** A client that breaks off at any time and comes back with its last cursor, while records keep coming. */
const follow = async (topic: MemoryTopic, steps: readonly Step[], args: Record<string, unknown>) => {
  const subscriptions = new Subscriptions({ ...catchUpLimits, gatherMs: 0 });
  const received: Awaited<ReturnType<typeof receive>> = [];
  let cursor: string | null = null;
  let subscription = subscriptions.open(request(topic.served(), args, { from: cursor ?? 'EARLIEST' }));
  const pump = async (one: typeof subscription) => {
    for (;;) {
      const [event] = await receive(one, 1);
      if (event === undefined || one !== subscription) return;
      received.push(event);
      cursor = event.cursor;
    }
  };
  let pumping = pump(subscription);
  const reopen = async () => {
    const old = subscription;
    subscription = subscriptions.open(
      request(topic.served(), args, cursor === null ? { from: 'EARLIEST' } : { cursor }),
    );
    await old.return();
    await pumping;
    pumping = pump(subscription);
  };
  for (const one of steps) {
    if (one === 'TURN') await new Promise(setImmediate);
    else if (one === 'BREAK') await reopen();
    else topic.append(one.partition, `p${one.partition}k${one.key}`, one.group);
  }
  // A marker record in each partition tells that all before it was received.
  for (const partition of [0, 1]) topic.append(partition, `marker${partition}`, 'a');
  while (!['marker0', 'marker1'].every((marker) => received.some(({ key }) => key === marker))) {
    await new Promise(setImmediate);
  }
  await subscription.return();
  return received;
};

describe('with clients that break off and come back', () => {
  test('S1 an event stream loses nothing and doubles nothing', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 60 }),
        fc.constantFrom(30, 1_000),
        async (steps, windowBytes) => {
          const topic = events(windowBytes);
          const received = await follow(topic, steps, { group: 'a' });
          const expected = topic.log.map((records) =>
            records.filter(({ group }) => group === 'a').map(({ offset }) => offset),
          );
          for (const partition of [0, 1]) {
            const offsets = received.filter(({ at }) => at?.[0] === partition).map(({ at }) => at?.[1]);
            expect(offsets).toEqual(expected[partition]);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test('S1 a change stream ends at the topic folded by key, and is monotone per key', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 60 }),
        fc.constantFrom(30, 1_000),
        async (steps, windowBytes) => {
          const topic = changes(windowBytes);
          const received = await follow(topic, steps, { group: 'a' });
          const state = new Map<string, number>();
          const last = new Map<string, number>();
          for (const { kind, key, at } of received) {
            if (kind === 'RESET') state.clear();
            if (key === null || at === null) continue;
            expect(at[1]).toBeGreaterThan(last.get(key) ?? -1);
            last.set(key, at[1]);
            if (kind === 'DELETE') state.delete(key);
            else state.set(key, at[1]);
          }
          const folded = [...topic.rows.values()].filter(({ row }) => row?.group === 'a');
          expect(new Map([...state].sort())).toEqual(
            new Map(folded.map(({ key, offset }) => [key, offset] as const).sort()),
          );
        },
      ),
      { numRuns: 60 },
    );
  });
});
