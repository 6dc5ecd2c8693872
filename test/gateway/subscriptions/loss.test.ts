import { GraphQLError } from 'graphql';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { ScriptedSubgraph } from '../support/scripted-subgraph.ts';
import { eventually } from '../support/signal.ts';
import { startWorld, type World } from '../support/world.ts';

const joined = 'subscription Live { events { id item { name } } }';

let world: World;
afterEach(() => world.stop());

const settled = async (subscribers: number): Promise<void> => {
  await eventually(() => world.gateway.counters.subscribers === subscribers && world.events.live === 1);
};

/** The subgraph is gone, and one that knows no cursors answers in its place. */
const takenOver = async (): Promise<ScriptedSubgraph> => {
  await world.events.kill();
  const other = new ScriptedSubgraph({ cursors: false });
  other.port = world.events.port;
  await other.start();
  onTestFinished(() => other.kill().catch(() => undefined));
  return other;
};

describe('loss of an upstream', () => {
  test('S18 clients notice nothing but the delay: the gateway goes on behind the last cursor', async () => {
    world = await startWorld();
    const clients = [world.subscribe(joined), world.subscribe(joined)];
    await settled(2);
    world.events.produce(0);
    await Promise.all(clients.map((client) => client.events(1)));
    await world.events.kill();
    world.events.produce(1);
    world.events.produce(0);
    await world.events.start();
    await Promise.all(clients.map((client) => client.events(3)));
    world.events.produce(1);
    for (const client of clients) {
      await client.events(4);
      expect(client.ids).toEqual(['0-0', '1-0', '0-1', '1-1']);
    }
    expect(world.events.received.at(-1)?.tributary).toEqual({
      cursor: world.events.cursorAt([1, 0]),
      positions: true,
    });
    expect(world.gateway.counters).toMatchObject({
      upstreams: 1,
      upstreamsOpened: 2,
      executions: 4,
    });
  });

  test('S18 who joins while the upstream is away is served from the ring, then with the others', async () => {
    world = await startWorld();
    const first = world.subscribe(joined);
    await settled(1);
    world.events.produce();
    world.events.produce();
    await first.events(2);
    await world.events.kill();
    const second = world.subscribe(joined, { cursor: first.cursors[0] ?? '' });
    await second.events(1);
    world.events.produce();
    await world.events.start();
    await Promise.all([first.events(3), second.events(2)]);
    expect(second.ids).toEqual(['0-1', '0-2']);
  });

  test('S14 S18 a catch-up that breaks goes on behind the last event it brought', async () => {
    world = await startWorld();
    for (let index = 0; index < 50; index += 1) world.events.produce(index % 2);
    let open = (): void => {};
    world.events.gate = new Promise((resolve) => {
      open = resolve;
    });
    const client = world.subscribe(joined, { cursor: world.events.cursorAt([0, 0]) });
    await world.events.changed.until(() => world.events.received.length === 2);
    world.events.cut();
    open();
    await client.events(50);
    world.events.cut();
    world.events.produce();
    await client.events(51);
    expect(client.ids.toSorted()).toEqual(world.events.idsFrom([0, 0]).toSorted());
  });

  test('S18 an upstream without cursors: the next event says that some may be missing', async () => {
    world = await startWorld({ cursors: false });
    const client = world.subscribe(joined);
    await settled(1);
    world.events.produce();
    await client.events(1);
    world.events.cut();
    await eventually(() => world.events.received.length === 2 && world.events.live === 1);
    world.events.produce();
    world.events.produce();
    const [, afterGap, next] = await client.events(3);
    expect(afterGap).toMatchObject({
      data: { events: { id: '0-1', item: { name: 'item 0-1' } } },
      errors: [{ extensions: { code: 'UPSTREAM_GAP' } }],
      extensions: { tributary: { gap: true } },
    });
    expect(next).toEqual({ data: { events: { id: '0-2', item: { name: 'item 0-2' } } } });
  });

  test('S18 one that comes back without cursors, and then with them: each time the next event says so', async () => {
    world = await startWorld();
    const client = world.subscribe(joined);
    await settled(1);
    world.events.produce();
    await client.events(1);
    const without = await takenOver();
    await eventually(() => without.live === 1);
    without.produce();
    await client.events(2);
    await without.kill();
    await world.events.start();
    await settled(1);
    world.events.progress();
    world.events.produce();
    world.events.produce();
    const [, second, third, fourth] = await client.events(4);
    for (const event of [second, third])
      expect(event).toMatchObject({ errors: [{ extensions: { code: 'UPSTREAM_GAP' } }] });
    expect(fourth?.errors).toBeUndefined();
  });

  test('S14 S18 who waits for its turn to catch up is told when the stream has no cursors any more', async () => {
    world = await startWorld({ limits: { catchUpsPerClient: 1 } });
    world.events.produce();
    world.events.gate = new Promise(() => {});
    const cursor = world.events.cursorAt([0, 0]);
    const live = world.subscribe(joined);
    await settled(1);
    const client = world.client();
    const first = world.subscribe('subscription { events { id } }', { cursor, client });
    await eventually(() => world.events.received.length === 3);
    const second = world.subscribe(joined, { cursor, client });
    await eventually(() => world.gateway.counters.subscribers === 3);
    const without = await takenOver();
    await eventually(() => without.received.some(({ query }) => query.includes('item')));
    without.produce();
    await live.events(1);
    first.stop();
    expect(await second.code()).toBe('CURSOR_INVALID');
  });

  test('S11 S18 a cursor that expired while the upstream was away ends its clients with that error', async () => {
    world = await startWorld();
    const client = world.subscribe(joined);
    await settled(1);
    world.events.produce();
    await client.events(1);
    world.events.refusals.push(new GraphQLError('gone', { extensions: { code: 'CURSOR_EXPIRED' } }));
    world.events.cut();
    expect(await client.code()).toBe('CURSOR_EXPIRED');
    expect(world.gateway.counters).toMatchObject({ operations: 0, subscribers: 0, upstreams: 0 });
  });

  test('S18 a subgraph that is not ready yet is asked again', async () => {
    world = await startWorld();
    const retryable = { extensions: { code: 'VIEW_NOT_READY', retryable: true } };
    world.events.refusals.push(new GraphQLError('later', retryable), new GraphQLError('later', retryable));
    const client = world.subscribe(joined);
    await settled(1);
    world.events.produce();
    await client.events(1);
  });

  test('a subgraph that freezes is found by its silence', async () => {
    world = await startWorld({ limits: { upstreamPingMs: 50, reconnectMs: 100 } });
    const client = world.subscribe(joined);
    await settled(1);
    world.events.freeze();
    await eventually(() => world.events.received.length === 2);
    world.events.produce();
    await client.events(1);
  });
});
