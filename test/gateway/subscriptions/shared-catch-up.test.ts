import fc from 'fast-check';
import { GraphQLError } from 'graphql';
import { afterEach, describe, expect, test } from 'vitest';
import type { Position } from '../../../schema/position.ts';
import { expectExact } from '../support/exact.ts';
import { RawClient } from '../support/raw-client.ts';
import { eventually } from '../support/signal.ts';
import type { Subscription } from '../support/subscription.ts';
import { startWorld, type World } from '../support/world.ts';

const plain = 'subscription Live($from: Cursor) { events(from: $from) { id padding } }';

let world: World;
afterEach(() => world.stop());

const produce = (count: number, partition = 0, padding = ''): string[] =>
  Array.from({ length: count }, () => world.events.produce(partition, { padding }));

/** Holds private upstreams back until it is called. */
const hold = (): (() => void) => {
  let open = (): void => {};
  world.events.gate = new Promise((resolve) => {
    open = resolve;
  });
  return open;
};

const resume = (position: Position): Subscription =>
  world.subscribe(plain, { cursor: world.events.cursorAt(position) });

describe('clients of one operation that come back to a gateway which knows nothing', () => {
  test('S13 S22 share one catch-up, each from its own cursor', async () => {
    world = await startWorld();
    for (let index = 0; index < 30; index += 1) produce(1, index % 2);
    const open = hold();
    // The one that stands furthest back comes first.
    const clients = Array.from({ length: 10 }, (_, back) => ({
      from: [back, back],
      client: resume([back, back]),
    }));
    await eventually(() => world.gateway.counters.subscribers === 10);
    await world.events.changed.until(() => world.events.received.length >= 2);
    open();
    for (const { from, client } of clients) {
      await client.events(30 - 2 * (from[0] ?? 0));
      expectExact(client, world.events.idsFrom(from));
    }
    const { counters } = world.gateway;
    expect(counters.catchUpsOpened + counters.catchUpsShared).toBe(10);
    expect(counters.catchUpsOpened).toBeLessThanOrEqual(3);
    await eventually(() => counters.catchUps === 0);
  });

  test('S22 one that comes after the others is served from what they were given', async () => {
    world = await startWorld();
    produce(20);
    await resume([3, 0]).events(17);
    const late = resume([7, 0]);
    await late.events(13);
    produce(1);
    await late.events(14);
    expectExact(late, world.events.idsFrom([7, 0]));
    expect(world.gateway.counters).toMatchObject({ catchUpsOpened: 1, catchUpsShared: 1, ringJoins: 0 });
    // What the first one was not given takes another.
    await resume([2, 0]).events(19);
    expect(world.gateway.counters).toMatchObject({ catchUpsOpened: 2, catchUpsShared: 1 });
  });

  test('what was caught up is dropped after a time', async () => {
    world = await startWorld({ limits: { catchUpKeptMs: 20 } });
    produce(20);
    await resume([3, 0]).events(17);
    expect(world.gateway.counters.ringBytes).toBeGreaterThan(0);
    await eventually(() => world.gateway.counters.ringBytes === 0);
    await resume([3, 0]).events(17);
    expect(world.gateway.counters.catchUpsOpened).toBe(2);
  });

  test('who lacks little does not wait for one who lacks much', async () => {
    world = await startWorld();
    produce(12_000);
    const open = hold();
    const far = resume([0, 0]);
    await world.events.changed.until(() => world.events.received.length === 2);
    const near = resume([11_990, 0]);
    await eventually(() => world.gateway.counters.catchUps === 2);
    open();
    await near.events(10);
    far.stop();
    expectExact(near, world.events.idsFrom([11_990, 0]));
  });

  test('S12 S13 snapshots that begin while the first one is still held share it', async () => {
    world = await startWorld();
    world.events.snapshots = true;
    produce(30);
    const open = hold();
    const clients = Array.from({ length: 8 }, () => world.subscribe(plain));
    await eventually(() => world.gateway.counters.subscribers === 8);
    await world.events.changed.until(() => world.events.received.length >= 2);
    open();
    for (const client of clients) await client.events(30);
    produce(2);
    for (const client of clients) {
      await client.events(32);
      expectExact(client, world.events.idsFrom([0, 0]));
    }
    expect(world.gateway.counters).toMatchObject({ catchUpsOpened: 1, catchUpsShared: 7 });
  });

  test('S11 a cursor that has expired is told to its own clients only', async () => {
    world = await startWorld({ limits: { catchUpsPerSubgraph: 1 } });
    produce(10);
    const open = hold();
    const holder = world.subscribe('subscription Holder { events { id } }', {
      cursor: world.events.cursorAt([9, 0]),
    });
    await world.events.changed.until(() => world.events.received.length === 2);
    // These wait for the place that the holder has, so all of them are on one catch-up when it is refused.
    const clients = [1, 1, 4].map((next) => resume([next, 0]));
    await eventually(() => world.gateway.counters.catchUpsShared === 2 && world.events.live === 3);
    world.events.refusals.push(new GraphQLError('gone', { extensions: { code: 'CURSOR_EXPIRED' } }));
    open();
    await Promise.all([holder.events(1), clients[2]?.events(6)]);
    expect(await clients[0]?.code()).toBe('CURSOR_EXPIRED');
    expect(await clients[1]?.code()).toBe('CURSOR_EXPIRED');
    expect(clients[2]?.ids).toEqual(world.events.idsFrom([4, 0]));
    expect(world.gateway.counters.catchUpsOpened).toBe(3);
  });

  test('S13 no more than 16 at once to a subgraph: the others wait for their turn', async () => {
    world = await startWorld();
    const cursor = world.events.cursorAt([0, 0]);
    produce(1);
    const open = hold();
    const clients = Array.from({ length: 20 }, (_, index) =>
      world.subscribe(`subscription Other${index} { events { id } }`, { cursor }),
    );
    const running = () =>
      world.events.received.filter(({ live, tributary }) => live && tributary.until).length;
    await eventually(() => world.gateway.counters.catchUps === 20 && running() === 16);
    // One socket for all that is live, and one for each of them.
    expect(world.events.connections).toBe(17);
    open();
    for (const client of clients) await client.events(1);
    await eventually(() => world.gateway.counters.catchUps === 0);
  });

  test('S20 one that stops reading holds nobody up, and misses nothing when it reads on', async () => {
    const limits = { ringBytes: 512 * 1024, catchUpBytes: 128 * 1024, catchUpStallMs: 60_000 };
    world = await startWorld({ limits });
    const padding = 'x'.repeat(20_000);
    produce(600, 0, padding);
    const open = hold();
    const slow = await new RawClient(world.websocketUrl).initialised();
    const tributary = { cursor: world.events.cursorAt([0, 0]) };
    slow.socket.pause();
    slow.send({ type: 'subscribe', id: '1', payload: { query: plain, extensions: { tributary } } });
    await world.events.changed.until(() => world.events.received.length === 2);
    const healthy = resume([0, 0]);
    await eventually(() => world.gateway.counters.catchUpsShared === 1);
    open();
    await healthy.events(600);
    expect(world.gateway.counters.ringBytes).toBeLessThan(3 * 512 * 1024);
    slow.socket.resume();
    const events = () => slow.messages.filter(({ type }) => type === 'next');
    await slow.changed.until(() => events().length === 600 || slow.closed !== null);
    const ids = events().map(
      ({ payload }) => (payload as { data: { events: { id: string } } }).data.events.id,
    );
    expect(ids).toEqual(world.events.idsFrom([0, 0]));
    expect(world.gateway.counters).toMatchObject({ catchUpsOpened: 2, slowClients: 0 });
    slow.websocket.terminate();
  });

  test('S13 one that reads slowly leaves its place to those that wait, and goes on behind them', async () => {
    const limits = { catchUpsPerSubgraph: 1, catchUpBytes: 128 * 1024, catchUpStallMs: 60_000 };
    world = await startWorld({ limits });
    const ids = produce(600, 0, 'x'.repeat(20_000));
    const slow = await new RawClient(world.websocketUrl).initialised();
    const tributary = { cursor: world.events.cursorAt([0, 0]) };
    slow.socket.pause();
    slow.send({ type: 'subscribe', id: '1', payload: { query: plain, extensions: { tributary } } });
    await world.events.changed.until(() => world.events.received.length === 2);
    const others = Array.from({ length: 3 }, (_, index) =>
      world.subscribe(`subscription Other${index} { events { id } }`, {
        cursor: world.events.cursorAt([599, 0]),
      }),
    );
    for (const other of others) await other.events(1);
    ids.push(...produce(1, 1));
    slow.socket.resume();
    const got = () =>
      slow.messages
        .filter(({ type }) => type === 'next')
        .map(({ payload }) => (payload as { data: { events: { id: string } } }).data.events.id);
    await slow.changed.until(() => got().length === 601 || slow.closed !== null);
    expect(got()).toEqual(ids);
    expect(world.gateway.counters).toMatchObject({ catchUpsOpened: 4, slowClients: 0 });
    slow.websocket.terminate();
  });

  test('S1 S14 whatever the interleaving: everything once, in order, cursors forward only', async () => {
    world = await startWorld({ partitions: 3, limits: { ringBytes: 20_000, catchUpBytes: 4_000 } });
    const { events } = world;
    const position = fc.array(fc.nat(20), { minLength: 3, maxLength: 3 });
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('join' as const), back: position }) },
      {
        weight: 2,
        arbitrary: fc.record({
          kind: fc.constant('produce' as const),
          partition: fc.nat(2),
          count: fc.integer({ min: 1, max: 8 }),
        }),
      },
      { weight: 1, arbitrary: fc.constant({ kind: 'cut' as const }) },
      {
        weight: 2,
        arbitrary: fc.record({ kind: fc.constant('turn' as const), turns: fc.integer({ min: 1, max: 9 }) }),
      },
    );
    let run = 0;
    for (let partition = 0; partition < 3; partition += 1) produce(20, partition, 'x'.repeat(100));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 20 }), async (steps) => {
        run += 1;
        // Another name is another operation, whose ring is empty.
        const query = `subscription Run${run} { events { id padding } }`;
        const clients: { client: Subscription; from: Position }[] = [];
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
            clients.push({ from, client: world.subscribe(query, { cursor: events.cursorAt(from) }) });
          }
        }
        for (const { client, from } of clients) {
          await client.events(events.idsFrom(from).length);
          expectExact(client, events.idsFrom(from));
        }
        for (const { client } of clients) client.stop();
      }),
      { numRuns: 40 },
    );
    expect(world.gateway.counters.catchUpsShared).toBeGreaterThan(20);
  });
});
