import fc from 'fast-check';
import { GraphQLError } from 'graphql';
import { afterEach, describe, expect, test } from 'vitest';
import { decodeCursor } from '../../../schema/cursor/decode.ts';
import { expectExact } from '../support/exact.ts';
import { eventually } from '../support/signal.ts';
import type { Subscription } from '../support/subscription.ts';
import { startWorld, type World } from '../support/world.ts';

const joined = 'subscription Live($from: Cursor) { events(from: $from) { id item { name } } }';
const plain =
  'subscription Live($from: Cursor, $topic: String) { events(from: $from, topic: $topic) { id padding } }';

let world: World;
afterEach(() => world.stop());

const settled = async (subscribers: number): Promise<void> => {
  await eventually(() => world.gateway.counters.subscribers === subscribers && world.events.live > 0);
};

const produce = (count: number, partition = 0, padding = ''): string[] =>
  Array.from({ length: count }, () => world.events.produce(partition, { padding }));

describe('joining the shared stream', () => {
  test('S14 a client that comes back is served from the ring: no upstream, no overlap, no hole', async () => {
    world = await startWorld();
    const first = world.subscribe(joined);
    await settled(1);
    const ids = [...produce(3), ...produce(3, 1)];
    await first.events(6);
    const second = world.subscribe(joined, { cursor: first.cursors[1] ?? '' });
    await second.events(4);
    expectExact(second, ids.slice(2));
    expect(world.gateway.counters).toMatchObject({ ringJoins: 1, catchUpsOpened: 0, executions: 6 });
  });

  test('S14 the first client with a cursor gets what lies between by a private upstream, then the shared one', async () => {
    world = await startWorld();
    const before = [...produce(5), ...produce(5, 1)];
    const client = world.subscribe(joined, { cursor: world.events.cursorAt([2, 0]) });
    await client.events(8);
    const after = produce(2, 1);
    await client.events(10);
    expectExact(client, [...before.slice(2), ...after]);
    const { received } = world.events;
    expect(received.map(({ tributary }) => tributary)).toEqual([
      { live: true, positions: true },
      { cursor: world.events.cursorAt([2, 0]), until: world.events.cursorAt([5, 5]) },
    ]);
    await eventually(() => world.gateway.counters.catchUps === 0);
  });

  test('S13 a catch-up has a socket of its own, closed at its end', async () => {
    world = await startWorld();
    produce(3);
    let open = (): void => {};
    world.events.gate = new Promise((resolve) => {
      open = resolve;
    });
    const client = world.subscribe(plain, { cursor: world.events.cursorAt([0, 0]) });
    await world.events.changed.until(() => world.events.received.length === 2);
    expect(world.events.connections).toBe(2);
    open();
    await client.events(3);
    await world.events.changed.until(() => world.events.connections === 1);
  });

  test('S14 live events wait in the ring while the catch-up runs', async () => {
    world = await startWorld();
    const other = world.subscribe(plain);
    await settled(1);
    const ids = produce(3);
    await other.events(3);
    let open = (): void => {};
    world.events.gate = new Promise((resolve) => {
      open = resolve;
    });
    // A cursor from before the shared stream began, so the ring cannot serve it.
    const client = world.subscribe(plain, { cursor: earlier() });
    await world.events.changed.until(() => world.events.received.length === 2);
    ids.push(...produce(4, 1), ...produce(2));
    await other.events(9);
    expect(client.received).toHaveLength(0);
    open();
    await client.events(9);
    expectExact(client, ids);
  });

  test('S14 a catch-up that the live stream overtook starts over from the last cursor', async () => {
    world = await startWorld({ limits: { ringBytes: 4096 } });
    const other = world.subscribe(plain);
    await settled(1);
    const ids = produce(2);
    await other.events(2);
    let open = (): void => {};
    world.events.gate = new Promise((resolve) => {
      open = resolve;
    });
    const client = world.subscribe(plain, { cursor: earlier() });
    await world.events.changed.until(() => world.events.received.length === 2);
    ids.push(...produce(12, 0, 'x'.repeat(500)));
    await other.events(14);
    open();
    await client.events(14);
    expectExact(client, ids);
    expect(world.gateway.counters.catchUpsOpened).toBe(2);
  });

  test('S14 a client ahead of the shared stream skips what it has, and its cursors never go backwards', async () => {
    world = await startWorld();
    const { events } = world;
    events.visible = [0, 0];
    const other = world.subscribe(plain);
    await settled(1);
    const ids = [...produce(4), ...produce(4, 1)];
    const client = world.subscribe(plain, { cursor: events.cursorAt([3, 0]) });
    await settled(2);
    events.visible = [1, 4];
    events.changed.fire();
    await Promise.all([client.events(4), other.events(5)]);
    expect(client.ids).toEqual(['1-0', '1-1', '1-2', '1-3']);
    expect(decodeCursor(client.cursors[0] ?? '').position).toEqual([3, 1]);
    events.visible = null;
    events.changed.fire();
    await Promise.all([client.events(5), other.events(8)]);
    expectExact(client, ids.slice(3));
    // From here on both share their bytes.
    expect(client.cursors.at(-1)).toBe(other.cursors.at(-1));
  });

  test('S11 a cursor that stays ahead of the stream is NOT_YET', async () => {
    world = await startWorld({ limits: { aheadMs: 50 } });
    const client = world.subscribe(plain, { cursor: world.events.cursorAt([9, 9]) });
    expect(await client.code()).toMatch(/^1013 NOT_YET: /);
  });

  test('S11 what the subgraph says of a cursor reaches the client; NOT_YET is tried again', async () => {
    world = await startWorld();
    world.subscribe(plain);
    await settled(1);
    const notYet = new GraphQLError('later', { extensions: { code: 'NOT_YET', retryable: true } });
    const expired = new GraphQLError('gone', { extensions: { code: 'CURSOR_EXPIRED', earliest: 'abc' } });
    world.events.refusals.push(notYet, expired);
    const client = world.subscribe(plain, { cursor: earlier() });
    expect(await client.code()).toBe('CURSOR_EXPIRED');
    expect(client.failure).toEqual([
      { message: 'gone', extensions: { code: 'CURSOR_EXPIRED', earliest: 'abc' } },
    ]);
    expect(world.gateway.counters.subscribers).toBe(1);
  });

  test('S8 S11 a cursor of another topic is for the subgraph to judge', async () => {
    world = await startWorld();
    const other = world.subscribe(plain);
    await settled(1);
    produce(1);
    await other.events(1);
    const cursor = world.events.cursorAt([0, 0]);
    world.events.topicId = 'made again';
    world.events.refusals.push(new GraphQLError('gone', { extensions: { code: 'CURSOR_EXPIRED' } }));
    expect(await world.subscribe(plain, { cursor: world.events.cursorAt([1, 0]) }).code()).toBe(
      'CURSOR_EXPIRED',
    );
    await world.subscribe(plain, { cursor }).events(1);
  });

  test('S7 from EARLIEST begins with all that there is; the extension goes before the argument', async () => {
    world = await startWorld();
    const ids = [...produce(3), ...produce(2, 1)];
    const earliest = world.subscribe(plain, { variables: { from: 'EARLIEST' } });
    const cursor = world.events.cursorAt([3, 1]);
    const given = world.subscribe(plain, { variables: { from: 'EARLIEST' }, cursor });
    await Promise.all([earliest.events(5), given.events(1)]);
    ids.push(...produce(2));
    await Promise.all([earliest.events(7), given.events(3)]);
    expectExact(earliest, ids);
    expectExact(given, ids.slice(4));
    expect(world.gateway.counters.operations).toBe(1);
  });

  test('S7 from LATEST is from now on', async () => {
    world = await startWorld();
    produce(3);
    const client = world.subscribe(plain, { variables: { from: 'LATEST' } });
    await settled(1);
    const ids = produce(1);
    await client.events(1);
    expectExact(client, ids);
  });

  test('S7 a position that cannot be read is CURSOR_INVALID', async () => {
    world = await startWorld();
    expect(await world.subscribe(plain, { cursor: 'nonsense' }).code()).toBe('CURSOR_INVALID');
    expect(await world.subscribe(plain, { variables: { from: 'yesterday' } }).code()).toBe('CURSOR_INVALID');
    expect(world.gateway.counters).toMatchObject({ operations: 0, upstreamsOpened: 0 });
  });

  test('S12 S13 who has no cursor is given the snapshot by a private upstream, then the shared stream', async () => {
    world = await startWorld();
    world.events.snapshots = true;
    const ids = [...produce(3), ...produce(2, 1)];
    const client = world.subscribe(plain);
    await client.events(5);
    ids.push(...produce(1));
    await client.events(6);
    expectExact(client, ids);
    const { received, end } = world.events;
    expect(received.map(({ tributary }) => tributary)).toEqual([
      { live: true, positions: true },
      { until: world.events.cursorAt(end.map((next, partition) => next - (partition === 0 ? 1 : 0))) },
    ]);
  });

  test('S14 whatever the interleaving: everything once, in order, cursors forward only', async () => {
    world = await startWorld({ partitions: 3, limits: { ringBytes: 6000, progressMs: 5 } });
    const { events } = world;
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          kind: fc.constant('produce' as const),
          partition: fc.nat(2),
          count: fc.integer({ min: 1, max: 8 }),
        }),
      },
      {
        weight: 3,
        arbitrary: fc.record({
          kind: fc.constant('join' as const),
          back: fc.array(fc.nat(6), { minLength: 3, maxLength: 3 }),
        }),
      },
      { weight: 1, arbitrary: fc.constant({ kind: 'cut' as const }) },
      {
        weight: 2,
        arbitrary: fc.record({ kind: fc.constant('turn' as const), turns: fc.integer({ min: 1, max: 5 }) }),
      },
    );
    const keeper = world.subscribe(plain);
    await settled(1);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
        const joinedClients: { subscription: Subscription; expected: () => string[] }[] = [];
        for (const action of steps) {
          if (action.kind === 'produce') produce(action.count, action.partition, 'x'.repeat(100));
          if (action.kind === 'cut') events.cut();
          if (action.kind === 'turn') {
            for (let turn = 0; turn < action.turns; turn += 1) await new Promise(setImmediate);
          }
          if (action.kind === 'join') {
            const from = events.end.map((next, partition) =>
              Math.max(0, next - (action.back[partition] ?? 0)),
            );
            const subscription = world.subscribe(plain, { cursor: events.cursorAt(from) });
            joinedClients.push({ subscription, expected: () => events.idsFrom(from) });
          }
        }
        await keeper.events(events.idsFrom([0, 0, 0]).length);
        for (const { subscription, expected } of joinedClients) {
          await subscription.events(expected().length);
          expectExact(subscription, expected());
          subscription.stop();
        }
      }),
      { numRuns: 40 },
    );
    expectExact(keeper, events.idsFrom([0, 0, 0]));
    // Both ways of joining were met.
    expect(world.gateway.counters.ringJoins).toBeGreaterThan(0);
    expect(world.gateway.counters.catchUpsOpened).toBeGreaterThan(0);
  });
});

/** A cursor that the ring of an operation cannot serve: of another filter, so that the subgraph is asked. */
const earlier = (): string => world.events.cursorAt([0, 0], 8);
