import { afterEach, describe, expect, test } from 'vitest';
import { eventually } from '../support/signal.ts';
import { startWorld, type World } from '../support/world.ts';

const joined = 'subscription Live($topic: String) { events(topic: $topic) { id item { name } } }';
const plain = 'subscription Plain { events { id } }';

let world: World;
afterEach(() => world.stop());

/** Clients are on the operation, and it knows where it stands. */
const settled = async (subscribers: number, operations = 1): Promise<void> => {
  const { counters } = world.gateway;
  await eventually(() => counters.subscribers === subscribers && world.events.live === operations);
};

describe('sharing of identical operations', () => {
  test('an event reaches a stock client, joined, with its cursor; the join waits for its record (S6, S16)', async () => {
    world = await startWorld();
    const subscription = world.subscribe(joined);
    await settled(1);
    world.events.produce(0);
    const [event] = await subscription.events(1);
    expect(event).toEqual({
      data: { events: { id: '0-0', item: { name: 'item 0-0' } } },
      extensions: { tributary: { at: [0, 0], cursor: world.events.cursorAt([1, 0]) } },
    });
    expect(world.items.extensions).toEqual([{ tributary: { after: { events: [[0, 0]] } } }]);
  });

  test('S15 50 clients on one operation cause one upstream and one execution an event', async () => {
    world = await startWorld();
    const subscriptions = Array.from({ length: 50 }, () => world.subscribe(joined));
    await settled(50);
    for (let index = 0; index < 20; index += 1) world.events.produce(index % 2);
    await Promise.all(subscriptions.map((subscription) => subscription.events(20)));
    const { counters } = world.gateway;
    expect(world.events.received).toHaveLength(1);
    expect(counters).toMatchObject({
      operations: 1,
      upstreams: 1,
      upstreamsOpened: 1,
      executions: 20,
      deliveries: 1000,
    });
    expect(world.items.calls.reduce((sum, calls) => sum + calls, 0)).toBe(20);
    for (const subscription of subscriptions) expect(subscription.ids).toEqual(subscriptions[0]?.ids);
  });

  test('an event costs what it matches: of 150 operations it is executed for one, and wakes one client', async () => {
    world = await startWorld();
    const clients = Array.from({ length: 150 }, (_, index) =>
      world.subscribe('subscription ($topic: String) { events(topic: $topic) { id } }', {
        variables: { topic: `t${index}` },
      }),
    );
    await settled(150, 150);
    for (const index of [7, 149, 7]) world.events.produce(0, { topic: `t${index}` });
    await Promise.all([clients[7]?.events(2), clients[149]?.events(1)]);
    const { counters } = world.gateway;
    expect(counters).toMatchObject({ operations: 150, executions: 3, deliveries: 3 });
  });

  test('S15 neither spelling, unused fragments, defaults nor the position are part of the identity', async () => {
    world = await startWorld();
    const { events } = world;
    const from = events.cursorAt([0, 0]);
    const spellings: [string, Record<string, unknown>?][] = [
      ['subscription L($topic: String = "a") { events(topic: $topic) { id } }'],
      [
        'subscription L($topic: String = "a"){events(topic:$topic){...F}} fragment F on Event{id}',
        { topic: 'a' },
      ],
      [
        `subscription L($topic: String = "a") { events(topic: $topic, from: "${from}") { id } }`,
        { topic: 'a', x: 1 },
      ],
      [
        'subscription L($from: Cursor, $topic: String = "a") { events(from: $from, topic: $topic) { id } }',
        { from },
      ],
    ];
    for (const [query, variables] of spellings)
      world.subscribe(query, variables === undefined ? {} : { variables });
    // The fragment is another text, so it is another operation; the others are one.
    await eventually(
      () =>
        world.gateway.counters.subscribers === 4 &&
        events.received.filter((r) => r.tributary.live).length === 2,
    );
    expect(world.gateway.counters.operations).toBe(2);
  });

  test('S15 another variable or another selection is another operation', async () => {
    world = await startWorld();
    world.subscribe(joined, { variables: { topic: 'a' } });
    world.subscribe(joined, { variables: { topic: 'b' } });
    world.subscribe(plain);
    await settled(3, 3);
    expect(world.gateway.counters).toMatchObject({ operations: 3, upstreams: 3 });
    expect(world.events.connections).toBe(1);
  });

  test('the first of two that leaves does not silence the other; the last one ends the upstream', async () => {
    world = await startWorld();
    const first = world.subscribe(joined);
    const second = world.subscribe(joined);
    await settled(2);
    first.stop();
    await settled(1);
    world.events.produce();
    await second.events(1);
    expect(first.received).toHaveLength(0);
    second.stop();
    await settled(0, 0);
    expect(world.gateway.counters).toMatchObject({ operations: 0, upstreams: 0, ringBytes: 0 });
  });

  test('a client that leaves while the upstream connects leaves nothing behind', async () => {
    world = await startWorld();
    const client = world.client();
    const connected = new Promise<void>((resolve) => client.on('connected', () => resolve()));
    const subscription = world.subscribe(plain, { client });
    await connected;
    await eventually(() => world.gateway.counters.operations === 1);
    subscription.stop();
    await eventually(() => world.gateway.counters.operations === 0);
    const other = world.subscribe(plain);
    await settled(1);
    world.events.produce();
    await other.events(1);
    expect(world.events.live).toBe(1);
  });

  test('several operations of one socket each get their events', async () => {
    world = await startWorld();
    const client = world.client();
    const a = world.subscribe(joined, { client, variables: { topic: 'a' } });
    const all = world.subscribe(plain, { client });
    await settled(2, 2);
    world.events.produce(0, { topic: 'a' });
    world.events.produce(1, { topic: 'b' });
    await Promise.all([a.events(1), all.events(2)]);
    expect(a.ids).toEqual(['0-0']);
    expect(all.ids).toEqual(['0-0', '1-0']);
  });

  test('an upstream that completes completes its clients, behind the last event', async () => {
    world = await startWorld({ cursors: false });
    const subscription = world.subscribe('subscription { tick }');
    await settled(1);
    world.events.produce();
    await subscription.events(1);
    world.events.complete();
    await subscription.changed.until(() => subscription.completed);
    expect(subscription.failure).toBeNull();
    await settled(0, 0);
  });

  test('a subgraph without cursors may join: events have none, and a position is refused', async () => {
    world = await startWorld({ cursors: false });
    const subscription = world.subscribe(joined);
    await settled(1);
    world.events.produce();
    expect(await subscription.events(1)).toEqual([
      { data: { events: { id: '0-0', item: { name: 'item 0-0' } } } },
    ]);
    const resumed = world.subscribe(joined, { cursor: world.events.cursorAt([0, 0]) });
    expect(await resumed.code()).toBe('CURSOR_INVALID');
  });

  test('a subgraph that is not there is a typed error', async () => {
    world = await startWorld({ limits: { upstreamStartMs: 300 } });
    await world.events.kill();
    expect(await world.subscribe(plain).code()).toBe('SUBGRAPH_UNAVAILABLE');
    expect(world.gateway.counters).toMatchObject({ operations: 0, subscribers: 0 });
  });

  test('S10 a client is told where its stream begins, and where it stands without an event, by ping', async () => {
    world = await startWorld({ limits: { progressMs: 20 } });
    const client = world.client();
    const told: unknown[] = [];
    client.on('ping', (_received, payload) => told.push(payload));
    world.subscribe(joined, { client, variables: { topic: 'none' } });
    await eventually(() => told.length === 1);
    world.events.produce(1, { topic: 'other' });
    await eventually(() => {
      world.events.progress();
      return told.length === 2;
    });
    const cursors = told.map((payload) => Object.values((payload as { cursors: object }).cursors));
    expect(cursors).toEqual([[world.events.cursorAt([0, 0])], [world.events.cursorAt([0, 1])]]);
  });
});
