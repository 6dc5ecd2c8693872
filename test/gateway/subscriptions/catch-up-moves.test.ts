import { GraphQLError } from 'graphql';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { itemsSdl } from '../support/items-subgraph.ts';
import { eventsSdl, ScriptedSubgraph } from '../support/scripted-subgraph.ts';
import { eventually } from '../support/signal.ts';
import type { Subscription } from '../support/subscription.ts';
import { supergraphOf } from '../support/supergraph.ts';
import { startWorld, type World, type WorldOptions } from '../support/world.ts';

const joined = 'subscription Live($from: Cursor) { events(from: $from) { id item { name } } }';

let world: World;
/** Another process that serves the same topic. */
let other: ScriptedSubgraph;
afterEach(() => world.stop());

const unknownField = (): GraphQLError =>
  new GraphQLError('Cannot query field "events" on type "Subscription".');

/** A world with ten events, whose catch-ups bring nothing. */
const start = async (options: WorldOptions = {}): Promise<void> => {
  world = await startWorld({ limits: { reconnectMs: 50 }, ...options });
  other = await new ScriptedSubgraph().start();
  const { port } = other;
  onTestFinished(async () => {
    if (other.port === port) await other.kill().catch(() => undefined);
  });
  for (let index = 0; index < 10; index += 1) produce(index % 2);
  world.events.gate = new Promise(() => {});
};

const produce = (partition = 0): void => {
  for (const subgraph of [world.events, other]) subgraph.produce(partition);
};

/** The root of the operation comes from the other one now. */
const update = async (sdl = eventsSdl): Promise<unknown> => serve({ name: 'events2', url: other.url, sdl });

const serve = async (events: { name: string; url: string; sdl: string }): Promise<unknown> =>
  world.gateway.update(supergraphOf([events, { name: 'items', url: world.items.url, sdl: itemsSdl }]));

/** As a subgraph that was started again without the field; resolves when `count` subscriptions have been refused. */
const forgetTheField = async (count: number): Promise<void> => {
  const refusals = Array.from({ length: 100 }, unknownField);
  world.events.refusals.push(...refusals);
  world.events.cut();
  await eventually(() => world.events.refusals.length <= refusals.length - count);
};

const catchingUp = async (subscription: Subscription): Promise<Subscription> => {
  await eventually(() => world.gateway.counters.catchUps === 1 && world.events.received.length >= 2);
  return subscription;
};

const resume = (): Promise<Subscription> =>
  catchingUp(world.subscribe(joined, { cursor: world.events.cursorAt([1, 0]) }));

const goesOn = async (subscription: Subscription, from: number): Promise<void> => {
  const ids = other.idsFrom([from, 0]);
  await subscription.events(ids.length);
  produce();
  await subscription.events(ids.length + 1);
  expect(subscription.ids.toSorted()).toEqual(other.idsFrom([from, 0]).toSorted());
};

describe('a catch-up whose subgraph refuses it', () => {
  test('S14 S19 waits as the operation does while that is on its way to one that is not there yet', async () => {
    await start();
    const subscription = await resume();
    await other.kill();
    await update();
    await forgetTheField(2);
    await eventually(() => world.gateway.counters.catchUps === 0);
    await other.start();
    await goesOn(subscription, 1);
    expect(world.gateway.counters).toMatchObject({ moves: 1, movesRefused: 0, catchUps: 0 });
  });

  test('S14 S19 waits without asking again and again, and gives up with its client', async () => {
    await start();
    const subscription = await resume();
    await other.kill();
    await update();
    await forgetTheField(2);
    await eventually(() => world.gateway.counters.catchUps === 0);
    expect(world.events.refusals).toHaveLength(98);
    subscription.stop();
    await eventually(() => world.gateway.counters.operations === 0);
    expect(world.gateway.counters).toMatchObject({ ringBytes: 0, movesPending: 0, subscribers: 0 });
  });

  test('S14 S19 makes the operation move that was to move later', async () => {
    await start({ limits: { reconnectMs: 50, generationMoveMs: 60_000 } });
    // The first ones move at once, and others before the last.
    const crowd = Array.from({ length: 100 }, (_, index) =>
      world.subscribe('subscription ($topic: String) { events(topic: $topic) { id } }', {
        variables: { topic: `t${index}` },
      }),
    );
    await eventually(() => world.events.live === crowd.length);
    const subscription = world.subscribe(joined, { cursor: world.events.cursorAt([1, 0]) });
    await eventually(() => world.events.live === crowd.length + 2);
    await update();
    world.events.refusals.push(...Array.from({ length: 200 }, unknownField));
    world.events.cut();
    await goesOn(subscription, 1);
    expect(world.gateway.counters.movesRefused).toBe(0);
  });

  test('S14 S19 ends as the operation does, with its own cursor, when the move is refused', async () => {
    await start({ limits: { reconnectMs: 1 } });
    const subscription = await resume();
    await other.kill();
    await update();
    await forgetTheField(2);
    other.refusals.push(...Array.from({ length: 5 }, unknownField));
    await other.start();
    expect(await subscription.code()).toBe('SUBSCRIPTION_INVALIDATED');
    expect(subscription.failure).toMatchObject([{ extensions: { cursor: world.events.cursorAt([1, 0]) } }]);
    expect(world.gateway.counters).toMatchObject({ operations: 0, movesRefused: 1 });
  });

  test('S11 S19 is told at once that its cursor has expired: no move helps it', async () => {
    await start();
    const subscription = await resume();
    await other.kill();
    await update();
    const expired = (): GraphQLError => new GraphQLError('gone', { extensions: { code: 'CURSOR_EXPIRED' } });
    world.events.refusals.push(expired(), expired());
    world.events.cut();
    expect(await subscription.code()).toBe('CURSOR_EXPIRED');
  });
});

describe('a catch-up that begins at EARLIEST, as one that begins at a time', () => {
  const begin = (): Promise<Subscription> =>
    catchingUp(world.subscribe(joined, { variables: { from: 'EARLIEST' } }));

  test('S7 S19 goes on where the operation does, when its subgraph is gone', async () => {
    await start();
    const subscription = await begin();
    await update();
    await eventually(() => world.gateway.counters.moves === 1);
    await world.events.kill();
    await goesOn(subscription, 0);
  });

  test('S7 S19 waits for the move when it is refused before', async () => {
    await start();
    const subscription = await begin();
    await other.kill();
    await update();
    await forgetTheField(2);
    await eventually(() => world.gateway.counters.catchUps === 0);
    await other.start();
    await goesOn(subscription, 0);
  });
});

describe('a position that only one of two generations knows', () => {
  const without = eventsSdl.replace(', from: Cursor', '').replace('scalar Cursor', '');

  test('S7 S19 the old one: its client is told, and no other', async () => {
    await start();
    const subscription = await catchingUp(world.subscribe(joined, { variables: { from: 'EARLIEST' } }));
    const bystander = world.subscribe('subscription Live { events { id item { name } } }');
    await eventually(() => world.gateway.counters.subscribers === 2);
    await update(without);
    await eventually(() => world.gateway.counters.moves === 1);
    await world.events.kill();
    await subscription.code();
    expect(subscription.reason).toContain('from');
    produce();
    await bystander.events(1);
  });

  test('S7 S19 the new one: it is asked for there', async () => {
    await start();
    await serve({ name: 'events', url: world.events.url, sdl: without });
    const first = world.subscribe('subscription Live { events { id item { name } } }');
    await eventually(() => world.events.live === 1);
    await other.kill();
    await update();
    const subscription = world.subscribe(joined, { variables: { from: 'EARLIEST' } });
    await eventually(() => world.gateway.counters.catchUps === 1);
    await other.start();
    await goesOn(subscription, 0);
    await first.events(1);
  });
});
