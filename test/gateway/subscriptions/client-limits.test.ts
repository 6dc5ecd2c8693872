import { afterEach, describe, expect, test } from 'vitest';
import { RawClient } from '../support/raw-client.ts';
import { eventually } from '../support/signal.ts';
import { startWorld, type World } from '../support/world.ts';

const query = 'subscription ($topic: String) { events(topic: $topic) { id padding } }';

let world: World;
afterEach(() => world.stop());

const subscribe = (client: RawClient, id: string, topic: string | null, cursor: string | null): void => {
  const extensions = cursor === null ? {} : { extensions: { tributary: { cursor } } };
  client.send({ type: 'subscribe', id, payload: { query, variables: { topic }, ...extensions } });
};

const idsOf = (client: RawClient, id: string): string[] =>
  client.messages
    .filter((message) => message.type === 'next' && message.id === id)
    .map(({ payload }) => (payload as { data: { events: { id: string } } }).data.events.id);

describe('S29 limits of one client', () => {
  test('operations of a socket: one more is refused and counted, those that are there stay', async () => {
    world = await startWorld({ limits: { operationsPerSocket: 2 } });
    const client = await new RawClient(world.websocketUrl).initialised();
    for (const id of ['a', 'b', 'c']) subscribe(client, id, id, null);
    expect(await client.message(({ type }) => type === 'error')).toMatchObject({
      id: 'c',
      payload: [{ extensions: { code: 'TOO_MANY_OPERATIONS' } }],
    });
    expect(world.gateway.counters).toMatchObject({ operationsRefused: 1, subscribers: 2 });
    client.websocket.terminate();
  });

  test('websockets of the process: one more is refused and counted', async () => {
    world = await startWorld({ limits: { sockets: 1 } });
    const client = await new RawClient(world.websocketUrl).initialised();
    expect(await new RawClient(world.websocketUrl).close()).toMatchObject({ code: 1006 });
    expect(world.gateway.counters.socketsRefused).toBe(1);
    client.websocket.terminate();
  });

  test('catch-ups at once: one client leaves places to the others, and gets all of its own in turn', async () => {
    world = await startWorld({ limits: { catchUpsPerClient: 2, catchUpQueueMs: 50 } });
    const topics = ['a', 'b', 'c', 'd', 'e'];
    for (const topic of [...topics, 'other']) world.events.produce(0, { topic });
    let open = (): void => {};
    world.events.gate = new Promise((resolve) => {
      open = resolve;
    });
    const cursor = world.events.cursorAt([0, 0]);
    const greedy = await new RawClient(world.websocketUrl).initialised();
    for (const topic of topics) subscribe(greedy, topic, topic, cursor);
    await eventually(() => world.gateway.counters.catchUpsQueued === 3);
    expect(world.gateway.counters.catchUps).toBe(2);
    const other = world.subscribe(query, { variables: { topic: 'other' }, cursor });
    await eventually(() => world.gateway.counters.catchUps === 3);
    open();
    await other.events(1);
    await greedy.changed.until(() => topics.every((topic) => idsOf(greedy, topic).length === 1));
    expect(greedy.closed).toBeNull();
    expect(world.gateway.counters).toMatchObject({ catchUpsOpened: 6, catchUpsQueued: 3 });
    greedy.websocket.terminate();
  });

  test('bytes replayed: beyond them a catch-up is slowed, loses nothing, and delays nobody', async () => {
    const limits = { replayBytesPerMinute: 600_000, catchUpBytes: 50_000, catchUpStallMs: 100 };
    world = await startWorld({ limits });
    const padding = 'x'.repeat(10_000);
    for (let index = 0; index < 65; index += 1) world.events.produce(0, { topic: 'a', padding });
    const cursor = world.events.cursorAt([0, 0]);
    const client = await new RawClient(world.websocketUrl).initialised();
    subscribe(client, 'replay', 'a', cursor);
    subscribe(client, 'live', 'b', null);
    await eventually(() => world.gateway.counters.replaysSlowed === 1);
    expect(idsOf(client, 'replay').length).toBeLessThan(65);
    world.events.produce(1, { topic: 'b' });
    await client.changed.until(() => idsOf(client, 'live').length === 1);
    expect(idsOf(client, 'replay').length).toBeLessThan(65);
    await client.changed.until(() => idsOf(client, 'replay').length === 65 || client.closed !== null);
    expect(idsOf(client, 'replay')).toEqual(Array.from({ length: 65 }, (_, offset) => `0-${offset}`));
    const { replayedBytes, slowClients } = world.gateway.counters;
    expect(replayedBytes).toBeGreaterThan(650_000);
    expect(slowClients).toBe(0);
    client.websocket.terminate();
  });

  test('bytes replayed from the ring count too, however often a client asks for them', async () => {
    world = await startWorld({ limits: { replayBytesPerMinute: 1_200_000 } });
    const keeper = world.subscribe(query, { variables: { topic: 'a' } });
    await eventually(() => world.events.live === 1);
    const padding = 'x'.repeat(20_000);
    for (let index = 0; index < 31; index += 1) world.events.produce(0, { topic: 'a', padding });
    await keeper.events(31);
    const client = await new RawClient(world.websocketUrl).initialised();
    for (const id of ['first', 'again']) {
      subscribe(client, id, 'a', world.events.cursorAt([0, 0]));
      await client.changed.until(() => idsOf(client, id).length === 31 || client.closed !== null);
      expect(idsOf(client, id)).toEqual(keeper.ids);
      client.send({ type: 'complete', id });
    }
    const { replayedBytes, replaysSlowed, ringJoins } = world.gateway.counters;
    expect({ replaysSlowed: replaysSlowed > 0, ringJoins }).toEqual({ replaysSlowed: true, ringJoins: 2 });
    expect(replayedBytes).toBeGreaterThan(1_240_000);
    client.websocket.terminate();
  });
});
