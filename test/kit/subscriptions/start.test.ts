import { describe, expect, test } from 'vitest';
import { decodeCursor } from '../../../schema/cursor/index.ts';
import { catchUpLimits } from '../../../subgraphs/kit/subscriptions/limits.ts';
import { Subscriptions } from '../../../subgraphs/kit/subscriptions/subscription.ts';
import { MemoryTopic, receive, request } from './memory-topic.ts';

const events = (windowBytes = 1_000_000) => new MemoryTopic(2, { compact: false, windowBytes });
const changes = () => new MemoryTopic(2, { compact: true, windowBytes: 1_000_000 });
const turn = () => new Promise(setImmediate);
const hour = 3_600_000;

const refusal = async (
  topic: MemoryTopic,
  cursor: string,
  stream = topic.served(),
): Promise<{ code: string; message: string; extensions: object }> => {
  const subscription = new Subscriptions().open(request(stream, {}, { cursor }));
  return subscription.next().then(
    () => Promise.reject(new Error('not refused')),
    (error: unknown) => error as { code: string; message: string; extensions: object },
  );
};

describe('S7 where an event stream begins', () => {
  test('S11 what retention removed is told, with a cursor from which the rest comes', async () => {
    const topic = events(30);
    for (let n = 0; n < 20; n++) topic.append(n % 2, `k${n}`, 'a');
    const all = await receive(
      new Subscriptions().open(request(topic.served(), {}, { from: 'EARLIEST' })),
      20,
    );
    topic.logStart[0] = 4;
    const first = all.find(({ at }) => at?.[0] === 0 && at[1] === 1);
    const error = await refusal(topic, first?.cursor ?? '');
    expect(error).toMatchObject({
      code: 'CURSOR_EXPIRED',
      extensions: {
        reason: 'RETENTION',
        lost: [{ partition: 0, from: 2, until: 4 }],
        earliest: expect.any(String),
      },
    });
    const { earliest } = error.extensions as { earliest: string };
    const rest = await receive(
      new Subscriptions().open(request(topic.served(), {}, { cursor: earliest })),
      16,
    );
    expect(rest.filter(({ at }) => at?.[0] === 0).map(({ at }) => at?.[1])).toEqual([4, 5, 6, 7, 8, 9]);
  });

  test('S11 a subscriber that the reader lost records for is told, and comes back to the same answer', async () => {
    const topic = events();
    topic.append(0, 'one', 'a');
    const subscription = new Subscriptions().open(request(topic.served(), {}, { from: 'EARLIEST' }));
    const [first] = await receive(subscription, 1);
    const next = receive(subscription, 1);
    await turn();
    topic.stream.skip(0, 5);
    topic.logStart[0] = 5;
    const lost = { code: 'CURSOR_EXPIRED', extensions: { lost: [{ partition: 0, from: 1, until: 5 }] } };
    await expect(next).rejects.toMatchObject(lost);
    expect(await refusal(topic, first?.cursor ?? '')).toMatchObject(lost);
  });

  test('S11 what was published before such a loss comes before the error, and "earliest" begins behind the loss', async () => {
    const topic = events();
    const asked = request(topic.served());
    const held = Promise.withResolvers<void>();
    const subscription = new Subscriptions().open({
      ...asked,
      execute: async (sent) => {
        await held.promise;
        return asked.execute(sent);
      },
    });
    const first = receive(subscription, 1);
    await turn();
    topic.append(1, 'before', 'a');
    topic.stream.skip(0, 5);
    topic.logStart[0] = 5;
    topic.append(1, 'after', 'a');
    await turn();
    held.resolve();
    expect((await first).map(({ key }) => key)).toEqual(['before']);
    const error = await subscription.next().then(
      () => null,
      (thrown: { extensions: { earliest: string } }) => thrown.extensions,
    );
    expect(error).toMatchObject({ lost: [{ partition: 0, from: 0, until: 5 }] });
    expect(decodeCursor(error?.earliest ?? '').position).toEqual([5, 1]);
    const rest = new Subscriptions().open(request(topic.served(), {}, { cursor: error?.earliest ?? '' }));
    expect((await receive(rest, 1)).map(({ key }) => key)).toEqual(['after']);
    await rest.return();
  });

  test('S29 how far back "from" may reach does not end a catch-up that is under way', async () => {
    const topic = events(30);
    for (let n = 0; n < 40; n++) topic.append(n % 2, `k${n}`, 'a');
    topic.atTime = [0, 0];
    const subscriptions = new Subscriptions({ ...catchUpLimits, chunkRecords: 1, stallMs: 1, patienceMs: 1 });
    const detached = () => subscriptions.counters.sideFetches.detached;
    const stream = topic.served({ replayMs: hour });
    const subscription = subscriptions.open(request(stream, {}, { from: 'EARLIEST' }));
    const first = await receive(subscription, 1);
    await expect.poll(detached).toBe(1);
    // Time goes on, and Kafka still has everything.
    topic.atTime = [20, 20];
    const rest = await receive(subscription, 39);
    expect(new Set([...first, ...rest].map(({ key }) => key)).size).toBe(40);
    await subscription.return();
  });

  describe('S29 the cursor of a stream whose replay is bounded', () => {
    /** Twenty records in each partition; the window holds the last three. Begun from EARLIEST, and cut after the first. */
    const cut = async (replayMs: number) => {
      const topic = events(30);
      for (let n = 0; n < 40; n++) topic.append(n % 2, `k${n}`, 'a');
      topic.atTime = [0, 0];
      const stream = topic.served({ replayMs });
      const subscription = new Subscriptions().open(request(stream, {}, { from: 'EARLIEST' }));
      const [first] = await receive(subscription, 1);
      await subscription.return();
      return { topic, stream, cursor: first?.cursor ?? '' };
    };
    /** The records below offset 4 are a little older than `ageMs`, the others younger. */
    const older = (ageMs: number) => (timestampMs: number) =>
      Date.now() - timestampMs < ageMs ? [4, 4] : [0, 0];

    test.each([
      ['a tenth of it', 24 * hour, 26.3 * hour],
      ['ten minutes at least', hour, 69 * 60_000],
    ])('goes on beyond the bound of "from" by %s', async (_name, replayMs, ageMs) => {
      const { topic, stream, cursor } = await cut(replayMs);
      topic.atTime = older(ageMs);
      const rest = await receive(new Subscriptions().open(request(stream, {}, { cursor })), 39);
      expect(new Set(rest.map(({ key }) => key)).size).toBe(39);
    });

    test.each([
      ['a tenth of it', 24 * hour, 26.5 * hour],
      ['ten minutes', hour, 71 * 60_000],
    ])(
      'expires beyond %s by a reason of its own, with a cursor that goes on',
      async (_name, replayMs, ageMs) => {
        const { topic, stream, cursor } = await cut(replayMs);
        topic.atTime = older(ageMs);
        const error = await refusal(topic, cursor, stream);
        const lost = [
          { partition: 0, from: 1, until: 4 },
          { partition: 1, from: 0, until: 4 },
        ];
        expect(error).toMatchObject({ code: 'CURSOR_EXPIRED', extensions: { reason: 'REPLAY', lost } });
        expect(error.message).toMatch(
          /^"things" goes back to \S+Z at most, and what followed the cursor is older \(partition 0: 1 to 3, /,
        );
        const { earliest } = error.extensions as { earliest: string };
        const rest = await receive(new Subscriptions().open(request(stream, {}, { cursor: earliest })), 32);
        expect(new Set(rest.map(({ at }) => at?.[1]))).toEqual(
          new Set(Array.from({ length: 16 }, (_, n) => n + 4)),
        );
      },
    );

    test('S11 expires by RETENTION where Kafka itself holds its records no longer', async () => {
      const { topic, stream, cursor } = await cut(hour);
      topic.atTime = [4, 4];
      topic.logStart[0] = 2;
      expect(await refusal(topic, cursor, stream)).toMatchObject({
        extensions: { reason: 'RETENTION', lost: [{ partition: 0, from: 1, until: 2 }] },
      });
    });
  });

  test('S11 a time that the cluster knows and the reader has not reached is waited for', async () => {
    const topic = events();
    topic.append(0, 'before', 'a');
    topic.atTime = [2, 0];
    const from = new Date().toISOString();
    const taking = receive(new Subscriptions().open(request(topic.served(), {}, { from })), 1);
    await turn();
    topic.append(0, 'too early', 'a');
    await turn();
    topic.append(0, 'first', 'a');
    expect((await taking).map(({ key }) => key)).toEqual(['first']);
  });
});

describe('S7 where a change stream begins', () => {
  test.each([
    ['EARLIEST', 'EARLIEST'],
    [
      'a time from before the tombstones that Kafka still keeps',
      new Date(Date.now() - 25 * hour).toISOString(),
    ],
  ])('S11 from %s a snapshot comes, since deletes from then are forgotten', async (_name, from) => {
    const topic = changes();
    topic.append(0, 'x', 'a');
    topic.append(1, 'gone', null);
    const received = await receive(new Subscriptions().open(request(topic.served(), {}, { from })), 3);
    expect(received.map(({ kind, key }) => [kind, key])).toEqual([
      ['RESET', null],
      ['SNAPSHOT', 'x'],
      ['UP_TO_DATE', null],
    ]);
  });

  test('from a later time comes what changed since', async () => {
    const topic = changes();
    topic.append(0, 'x', 'a');
    topic.atTime = [1, 0];
    topic.append(1, 'y', 'a');
    const from = new Date(Date.now() - hour).toISOString();
    const received = await receive(new Subscriptions().open(request(topic.served(), {}, { from })), 2);
    expect(received.map(({ kind, key }) => [kind, key])).toEqual([
      ['UPSERT', 'y'],
      ['UP_TO_DATE', null],
    ]);
  });
});
