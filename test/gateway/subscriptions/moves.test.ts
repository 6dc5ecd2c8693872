import { GraphQLError } from 'graphql';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { ItemsSubgraph, itemsSdl } from '../support/items-subgraph.ts';
import { eventsSdl, ScriptedSubgraph, type ScriptOptions } from '../support/scripted-subgraph.ts';
import { eventually } from '../support/signal.ts';
import type { Subscription } from '../support/subscription.ts';
import { supergraphOf } from '../support/supergraph.ts';
import { startWorld, type World } from '../support/world.ts';

const joined = 'subscription Live { events { id item { name } } }';
const plain = 'subscription ($topic: String) { events(topic: $topic) { id } }';

let world: World;
afterEach(() => world.stop());

interface Changed {
  /** Where the events come from, and what it says of them. */
  readonly events?: { readonly name: string; readonly url: string };
  readonly eventsSdl?: string;
  readonly items?: { readonly name: string; readonly url: string };
  readonly itemsSdl?: string;
}

const supergraph = (changed: Changed = {}): string =>
  supergraphOf([
    { ...(changed.events ?? { name: 'events', url: world.events.url }), sdl: changed.eventsSdl ?? eventsSdl },
    { ...(changed.items ?? { name: 'items', url: world.items.url }), sdl: changed.itemsSdl ?? itemsSdl },
  ]);

const settled = (): Promise<void> => eventually(() => world.gateway.counters.movesPending === 0);

const update = async (changed: Changed): Promise<void> => {
  await world.gateway.update(supergraph(changed));
  await settled();
};

const followed = async (subscription: Subscription, operations = 1): Promise<Subscription> => {
  await eventually(
    () => world.gateway.counters.operations === operations && world.events.live === operations,
  );
  return subscription;
};

/** Another process that serves the same topic: what is produced goes to both. */
const replica = async (options: ScriptOptions = {}): Promise<ScriptedSubgraph> => {
  const other = await new ScriptedSubgraph(options).start();
  onTestFinished(() => other.kill());
  return other;
};

const both = (other: ScriptedSubgraph, partition = 0): string => {
  other.produce(partition);
  return world.events.produce(partition);
};

/** The client's one socket, however often it would come back. */
const counted = () => {
  const sockets = { opened: 0, closed: 0 };
  const client = world.client({
    retryAttempts: 5,
    on: { opened: () => (sockets.opened += 1), closed: () => (sockets.closed += 1) },
  });
  return { client, sockets };
};

describe('S19 a live subscription moves to a new supergraph', () => {
  test('S19 that adds a field elsewhere: the upstream stays, and the socket', async () => {
    world = await startWorld();
    const { client, sockets } = counted();
    const subscription = await followed(world.subscribe(joined, { client }));
    both(world.events);
    world.events.produce();
    await subscription.events(2);
    const first = world.gateway.generation;
    await update({ itemsSdl: itemsSdl.replace('name: String!', 'name: String! more: Int') });
    world.events.produce();
    await subscription.events(3);
    expect(subscription.ids).toEqual(['0-0', '0-1', '0-2']);
    expect(world.events.received).toHaveLength(1);
    expect(sockets).toEqual({ opened: 1, closed: 0 });
    expect(world.gateway.generation.id).not.toBe(first.id);
    expect(world.gateway.counters).toMatchObject({ moves: 1, movesPending: 0, movesRefused: 0 });
    const ready = await fetch(new URL('/health/ready', world.gateway.url));
    expect(await ready.json()).toMatchObject({
      generation: world.gateway.generation.id,
      subscriptions: { moves: 1 },
    });
  });

  test('S19 that joins from another subgraph: events have the values of the new plan', async () => {
    world = await startWorld();
    const subscription = await followed(world.subscribe(joined));
    world.events.produce();
    await subscription.events(1);
    const other = await new ItemsSubgraph((id) => `other ${id}`).start();
    onTestFinished(() => other.stop());
    await update({ items: { name: 'others', url: other.url } });
    world.events.produce();
    const names = (await subscription.events(2)).map(({ data }) => data?.events?.item?.name);
    expect(names).toEqual(['item 0-0', 'other 0-1']);
    expect(world.events.received).toHaveLength(1);
  });

  test('S19 whose root comes from another subgraph of the same topic: each event once, in order', async () => {
    world = await startWorld();
    const { client, sockets } = counted();
    const subscription = await followed(world.subscribe(joined, { client }));
    const other = await replica();
    const produced: string[] = [];
    let moving = true;
    // Events go on while it moves.
    const writing = (async () => {
      for (let index = 0; moving || index < 500; index += 1) {
        produced.push(both(other, index % 2));
        await new Promise(setImmediate);
      }
    })();
    await subscription.events(50);
    await update({ events: { name: 'events2', url: other.url } });
    await eventually(() => world.events.live === 0 && other.live === 1);
    moving = false;
    await writing;
    await subscription.events(produced.length);
    expect(subscription.ids).toEqual(produced);
    expect(sockets).toEqual({ opened: 1, closed: 0 });
    expect(world.gateway.counters).toMatchObject({ moves: 1, upstreams: 1, operations: 1 });
    await eventually(() => world.events.connections === 0);
  });

  test('S19 goes on by the old upstream until the new one is there', async () => {
    world = await startWorld({ limits: { reconnectMs: 100 } });
    const subscription = await followed(world.subscribe(joined));
    const other = await replica();
    both(other);
    await subscription.events(1);
    await other.kill();
    await world.gateway.update(supergraph({ events: { name: 'events2', url: other.url } }));
    both(other);
    both(other, 1);
    await subscription.events(3);
    expect(world.gateway.counters).toMatchObject({ moves: 0, movesPending: 1 });
    await other.start();
    await settled();
    both(other);
    await subscription.events(4);
    expect(subscription.ids).toEqual(['0-0', '0-1', '1-0', '0-2']);
    await eventually(() => world.events.live === 0);
  });

  test('S19 a replica that does not know the new schema yet is asked again', async () => {
    world = await startWorld({ limits: { reconnectMs: 100 } });
    const subscription = await followed(world.subscribe(joined));
    const other = await replica();
    other.refusals.push(new GraphQLError('Cannot query field "events" on type "Subscription".'));
    both(other);
    await subscription.events(1);
    await update({ events: { name: 'events2', url: other.url } });
    both(other);
    await subscription.events(2);
    expect(world.gateway.counters).toMatchObject({ moves: 1, movesRefused: 0 });
  });

  test('S19 one that never does ends it, with the last cursor', async () => {
    world = await startWorld({ limits: { reconnectMs: 1 } });
    const subscription = await followed(world.subscribe(joined));
    const other = await replica();
    both(other);
    await subscription.events(1);
    for (let index = 0; index < 5; index += 1) other.refusals.push(new GraphQLError('unknown field'));
    await update({ events: { name: 'events2', url: other.url } });
    expect(await subscription.code()).toBe('SUBSCRIPTION_INVALIDATED');
    expect(subscription.failure).toMatchObject([
      {
        message: expect.stringContaining('(unknown field)'),
        extensions: { cursor: subscription.cursors[0] },
      },
    ]);
    expect(world.gateway.counters).toMatchObject({ operations: 0, upstreams: 0, movesRefused: 1 });
  });

  test('S19 a move that is overtaken by another schema goes where that says', async () => {
    world = await startWorld();
    const subscription = await followed(world.subscribe(joined));
    const other = await replica();
    both(other);
    await subscription.events(1);
    await other.kill();
    await world.gateway.update(supergraph({ events: { name: 'events2', url: other.url } }));
    await update({ itemsSdl: itemsSdl.replace('name: String!', 'name: String! more: Int') });
    world.events.produce();
    await subscription.events(2);
    expect(world.events.received).toHaveLength(1);
    expect(world.gateway.counters).toMatchObject({ moves: 1, movesPending: 0, upstreams: 1 });
  });

  test('S19 an old upstream that fails while the schema says where to go on is no end', async () => {
    world = await startWorld({ limits: { generationMoveMs: 60_000 } });
    const crowd = Array.from({ length: 100 }, (_, index) =>
      world.subscribe(plain, { variables: { topic: `t${index}` } }),
    );
    await followed(crowd[0]!, 100);
    const subscription = await followed(world.subscribe(joined), 101);
    const other = await replica();
    both(other);
    await subscription.events(1);
    await world.gateway.update(supergraph({ events: { name: 'events2', url: other.url } }));
    // As a subgraph does that was started again without the field.
    world.events.complete(new GraphQLError('Cannot query field "events" on type "Subscription".'));
    await settled();
    both(other);
    await subscription.events(2);
    expect(subscription.ids).toEqual(['0-0', '0-1']);
    expect(world.gateway.counters).toMatchObject({ operations: 101, moves: 101, movesRefused: 0 });
  });

  test('S15 S19 a new client finds the operation that is still to move', async () => {
    world = await startWorld({ limits: { generationMoveMs: 60_000 } });
    const crowd = Array.from({ length: 100 }, (_, index) =>
      world.subscribe(plain, { variables: { topic: `t${index}` } }),
    );
    await followed(crowd[0]!, 100);
    const first = await followed(world.subscribe(joined), 101);
    const other = await replica();
    both(other);
    await first.events(1);
    await world.gateway.update(supergraph({ events: { name: 'events2', url: other.url } }));
    const second = world.subscribe(joined);
    await eventually(() => world.gateway.counters.subscribers === 102 && other.live > 0);
    await eventually(() => other.received.some(({ query, live }) => live && query.includes('item')));
    expect(world.gateway.counters.movesPending).toBeGreaterThan(0);
    both(other);
    await Promise.all([first.events(2), second.events(1)]);
    expect(world.gateway.counters.operations).toBe(101);
    expect(second.ids).toEqual(['0-1']);
  });

  test('S19 a client that catches up meanwhile gets all of it', async () => {
    world = await startWorld();
    const other = await replica();
    for (let index = 0; index < 200; index += 1) both(other, index % 2);
    let open = (): void => {};
    world.events.gate = new Promise((resolve) => {
      open = resolve;
    });
    const subscription = world.subscribe(joined, { cursor: world.events.cursorAt([0, 0]) });
    await eventually(() => world.gateway.counters.catchUps === 1 && world.events.received.length === 2);
    await update({ events: { name: 'events2', url: other.url } });
    both(other);
    open();
    await subscription.events(201);
    both(other);
    await subscription.events(202);
    expect(subscription.ids.toSorted()).toEqual(world.events.idsFrom([0, 0]).toSorted());
  });

  test.each([
    ['refuses it', () => Array.from({ length: 5 }, () => new GraphQLError('Cannot query field "events".'))],
    ['is gone', () => []],
  ])(
    'S14 S19 a catch-up whose subgraph %s after the move goes on where the operation does',
    async (_, refusals) => {
      world = await startWorld();
      const other = await replica();
      for (let index = 0; index < 10; index += 1) both(other, index % 2);
      world.events.gate = new Promise(() => {});
      const cursor = world.events.cursorAt([1, 0]);
      const subscription = world.subscribe(joined, { cursor });
      await eventually(() => world.gateway.counters.catchUps === 1 && world.events.received.length === 2);
      await update({ events: { name: 'events2', url: other.url } });
      world.events.refusals.push(...refusals());
      if (refusals().length > 0) world.events.cut();
      else await world.events.kill();
      await subscription.events(9);
      both(other);
      await subscription.events(10);
      expect(subscription.ids.toSorted()).toEqual(other.idsFrom([1, 0]).toSorted());
    },
  );

  test('S18 S19 without cursors, the first event of another upstream says that some may be missing', async () => {
    world = await startWorld({ cursors: false });
    const subscription = await followed(world.subscribe(joined));
    const other = await replica({ cursors: false });
    both(other);
    await subscription.events(1);
    await update({ itemsSdl: itemsSdl.replace('name: String!', 'name: String! more: Int') });
    both(other);
    await subscription.events(2);
    expect(world.events.received).toHaveLength(1);
    await update({ events: { name: 'events2', url: other.url } });
    await eventually(() => world.events.live === 0 && other.live === 1);
    both(other);
    both(other);
    const [, same, afterGap, next] = await subscription.events(4);
    expect(same?.errors).toBeUndefined();
    expect(afterGap).toMatchObject({ errors: [{ extensions: { code: 'UPSTREAM_GAP' } }] });
    expect(next?.errors).toBeUndefined();
  });

  test('S19 two hundred operations move one by one, spread over the time that is set', async () => {
    world = await startWorld({ limits: { generationMoveMs: 1_000 } });
    const subscriptions = Array.from({ length: 200 }, (_, index) =>
      world.subscribe(plain, { variables: { topic: `t${index}` } }),
    );
    await followed(subscriptions[0]!, 200);
    const other = await replica();
    await world.gateway.update(supergraph({ events: { name: 'events2', url: other.url } }));
    await eventually(() => other.received.length > 0);
    const began = performance.now();
    await eventually(() => world.gateway.counters.movesPending < 200);
    expect(world.gateway.counters.movesPending).toBeGreaterThan(100);
    await settled();
    expect(performance.now() - began).toBeGreaterThan(700);
    await eventually(() => world.events.live === 0 && other.live === 200);
    for (let index = 0; index < 200; index += 1) other.produce(0, { topic: `t${index}` });
    await Promise.all(subscriptions.map((subscription) => subscription.events(1)));
    expect(other.received).toHaveLength(200);
  });
});

describe('S19 a subscription that the new schema gives another meaning', () => {
  test.each<[string, Changed]>([
    ['a selected field changed its type', { itemsSdl: itemsSdl.replace('name: String!', 'name: ID!') }],
    ['a selected field may be null', { itemsSdl: itemsSdl.replace('name: String!', 'name: String') }],
    ['a selected field is gone', { itemsSdl: itemsSdl.replace('name: String!', 'title: String!') }],
  ])('S19 %s: it ends with its last cursor, from which a new one goes on', async (_, changed) => {
    world = await startWorld();
    const { client, sockets } = counted();
    const subscription = await followed(world.subscribe(joined, { client }));
    const bystander = world.subscribe('subscription { events { id } }', { client });
    await eventually(() => world.events.live === 2);
    world.events.produce();
    await Promise.all([subscription.events(1), bystander.events(1)]);
    await update(changed);
    expect(await subscription.code()).toBe('SUBSCRIPTION_INVALIDATED');
    const [error] = subscription.failure as { message: string; extensions: { cursor: string } }[];
    expect(error?.extensions.cursor).toBe(subscription.cursors[0]);
    world.events.produce();
    await bystander.events(2);
    expect(sockets).toEqual({ opened: 1, closed: 0 });
    expect(world.gateway.counters).toMatchObject({ moves: 1, movesRefused: 1, operations: 1 });
    const cursor = error?.extensions.cursor ?? '';
    const next = world.subscribe('subscription { events { id item { id } } }', { cursor });
    await next.events(1);
    expect(next.ids).toEqual(['0-1']);
  });

  test.each([
    ['refused', true],
    ['snapshotted', false],
  ])('S19 its root comes from another topic now (%s by the subgraph)', async (_, refused) => {
    world = await startWorld();
    const subscription = await followed(world.subscribe(joined));
    world.events.produce();
    await subscription.events(1);
    const other = await replica();
    other.topicId = 'another';
    const extensions = { code: 'CURSOR_EXPIRED', reason: 'OTHER_TOPIC' };
    if (refused) other.refusals.push(new GraphQLError('another topic', { extensions }));
    await update({ events: { name: 'events2', url: other.url } });
    expect(await subscription.code()).toBe('SUBSCRIPTION_INVALIDATED');
    expect(subscription.failure).toMatchObject([
      {
        message: expect.stringContaining('another topic'),
        extensions: { cursor: subscription.cursors[0] },
      },
    ]);
    await eventually(() => other.live === 0 && world.events.live === 0);
  });

  test('S19 a new client of the same text gets an operation of its own', async () => {
    world = await startWorld({ limits: { generationMoveMs: 60_000 } });
    const crowd = Array.from({ length: 100 }, (_, index) =>
      world.subscribe(plain, { variables: { topic: `t${index}` } }),
    );
    await followed(crowd[0]!, 100);
    const first = await followed(world.subscribe(joined), 101);
    await world.gateway.update(supergraph({ itemsSdl: itemsSdl.replace('name: String!', 'name: String') }));
    const second = world.subscribe(joined);
    expect(await first.code()).toBe('SUBSCRIPTION_INVALIDATED');
    await eventually(() => world.events.received.filter(({ query }) => query.includes('item')).length === 2);
    await eventually(() => world.events.live === 101);
    world.events.produce();
    await second.events(1);
    expect(world.gateway.counters.operations).toBe(101);
  });
});
