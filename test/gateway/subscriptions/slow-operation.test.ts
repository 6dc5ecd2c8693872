import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { itemsSdl } from '../support/items-subgraph.ts';
import { eventsSdl, ScriptedSubgraph } from '../support/scripted-subgraph.ts';
import { eventually } from '../support/signal.ts';
import { supergraphOf } from '../support/supergraph.ts';
import { startWorld, type World } from '../support/world.ts';

const joined = 'subscription ($topic: String) { events(topic: $topic) { id padding item { name } } }';
const plain = 'subscription ($topic: String) { events(topic: $topic) { id } }';

let world: World;
afterEach(() => world.stop());

/** Holds the joins back until it is called. */
const holdJoins = (): (() => void) => {
  let open = (): void => {};
  world.items.gate = new Promise((resolve) => {
    open = resolve;
  });
  return open;
};

const settled = (live: number): Promise<void> => eventually(() => world.events.live === live);

describe('an operation whose joins are slow', () => {
  test('S13 S17 holds no other operation up, and goes on behind its last event when they have come', async () => {
    world = await startWorld({ limits: { pendingBytes: 20_000 } });
    const open = holdJoins();
    const slow = world.subscribe(joined, { variables: { topic: 'slow' } });
    const other = world.subscribe(plain, { variables: { topic: 'other' } });
    await settled(2);
    const padding = 'x'.repeat(1_000);
    const ids = Array.from({ length: 100 }, (_, index) => {
      world.events.produce(0, { topic: 'other' });
      return world.events.produce(index % 2, { topic: 'slow', padding });
    });
    // All of them, while no join has come.
    await other.events(100);
    await settled(1);
    expect(slow.received).toHaveLength(0);
    expect(world.gateway.counters.slowOperations).toBeGreaterThan(0);
    open();
    await slow.events(100);
    const of = (partition: string, all: readonly string[]) => all.filter((id) => id.startsWith(partition));
    for (const partition of ['0', '1']) expect(of(partition, slow.ids)).toEqual(of(partition, ids));
    ids.push(world.events.produce(0, { topic: 'slow' }));
    await slow.events(101);
    expect(new Set(slow.ids).size).toBe(101);
    expect(slow.failure).toBeNull();
    expect(world.gateway.counters.upstreams).toBe(2);
  });

  test('S13 S19 holds no other operation up where it moves to', async () => {
    world = await startWorld({ limits: { pendingBytes: 5_000 } });
    const replica = await new ScriptedSubgraph().start();
    onTestFinished(() => replica.kill());
    const produce = (topic: string, padding = ''): void => {
      for (const subgraph of [replica, world.events]) subgraph.produce(0, { topic, padding });
    };
    const slow = world.subscribe(joined, { variables: { topic: 'slow' } });
    const other = world.subscribe(plain, { variables: { topic: 'other' } });
    await settled(2);
    produce('slow');
    await slow.events(1);
    const open = holdJoins();
    for (let index = 0; index < 20; index += 1) produce('slow', 'x'.repeat(1_000));
    await settled(1);
    await world.gateway.update(
      supergraphOf([
        { name: 'moved', url: replica.url, sdl: eventsSdl },
        { name: 'items', url: world.items.url, sdl: itemsSdl },
      ]),
    );
    await eventually(() => world.gateway.counters.movesPending === 0);
    for (let index = 0; index < 10; index += 1) produce('other');
    await other.events(10);
    expect(slow.received).toHaveLength(1);
    open();
    await slow.events(21);
    produce('slow');
    await slow.events(22);
    expect(new Set(slow.ids).size).toBe(22);
    expect(world.gateway.counters).toMatchObject({ moves: 2, upstreams: 2 });
  });

  test('S13 S19 comes back to the socket of the others, also when the schema changed meanwhile', async () => {
    world = await startWorld({ limits: { pendingBytes: 5_000 } });
    const open = holdJoins();
    const slow = world.subscribe(joined);
    await settled(1);
    for (let index = 0; index < 20; index += 1) world.events.produce(0, { padding: 'x'.repeat(1_000) });
    await eventually(() => world.gateway.counters.slowOperations === 1 && world.events.live === 0);
    const items = { name: 'items', url: world.items.url, sdl: itemsSdl };
    const more = { ...items, sdl: itemsSdl.replace('name: String!', 'name: String! more: Int') };
    await world.gateway.update(
      supergraphOf([{ name: 'events', url: world.events.url, sdl: eventsSdl }, more]),
    );
    await eventually(() => world.gateway.counters.movesPending === 0);
    const other = world.subscribe(plain);
    await settled(1);
    open();
    await slow.events(20);
    await settled(2);
    expect(world.events.connections).toBe(1);
    other.stop();
  });

  test('which ends meanwhile leaves nothing behind', async () => {
    world = await startWorld({ limits: { pendingBytes: 5_000 } });
    const open = holdJoins();
    const slow = world.subscribe(joined);
    await settled(1);
    for (let index = 0; index < 20; index += 1) world.events.produce(0, { padding: 'x'.repeat(1_000) });
    await eventually(() => world.gateway.counters.slowOperations === 1);
    slow.stop();
    await eventually(() => world.gateway.counters.operations === 0);
    open();
    await eventually(() => world.events.connections === 0);
    expect(world.events.received).toHaveLength(1);
  });

  test('and whose stream has no cursors pauses the socket: events are late, and none is lost', async () => {
    world = await startWorld({ cursors: false, limits: { pendingBytes: 5_000 } });
    const open = holdJoins();
    const slow = world.subscribe(joined);
    await settled(1);
    for (let index = 0; index < 50; index += 1) world.events.produce(0, { padding: 'x'.repeat(1_000) });
    await world.events.changed.until(() => world.events.received.length === 1);
    open();
    await slow.events(50);
    expect(slow.ids).toEqual(world.events.idsFrom([0, 0]));
    expect(slow.received.flatMap(({ errors }) => errors ?? [])).toEqual([]);
    expect(world.gateway.counters.slowOperations).toBe(0);
  });
});
