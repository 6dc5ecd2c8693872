import { afterEach, expect, test } from 'vitest';
import { RawClient } from '../support/raw-client.ts';
import { eventually } from '../support/signal.ts';
import { startWorld, type World } from '../support/world.ts';

let world: World;
afterEach(() => world.stop());

const query = 'subscription { events { id } }';

const connected = () => new RawClient(world.websocketUrl).initialised();

test('S21 of clients too many, only those are sent away who lose nothing: idle ones, and those who came by a cursor', async () => {
  world = await startWorld();
  const idle = await connected();
  const resuming = await connected();
  const cursor = world.events.cursorAt([0, 0]);
  resuming.send({
    type: 'subscribe',
    id: '1',
    payload: { query, extensions: { tributary: { cursor } } },
  });
  const plain = await connected();
  plain.send({ type: 'subscribe', id: '1', payload: { query } });
  await eventually(() => world.gateway.counters.subscribers === 2 && world.events.live > 0);
  world.events.produce();
  for (const client of [resuming, plain]) await client.message(({ type }) => type === 'next');
  const writing = await connected();
  const { promise, resolve } = Promise.withResolvers<void>();
  world.items.gate = promise;
  writing.send({
    type: 'subscribe',
    id: '1',
    payload: { query: 'mutation { rename(id: "1", name: "one") { name } }' },
  });
  await eventually(() => world.items.queries.length === 1);
  world.gateway.shed(4);
  expect((await idle.close()).code).toBe(1012);
  expect((await resuming.close()).code).toBe(1012);
  resolve();
  await writing.message(({ type }) => type === 'complete');
  plain.send({ type: 'ping' });
  await plain.message(({ type }) => type === 'pong');
  expect(world.items.queries).toHaveLength(1);
});

test('S21 of those, as many are sent away as were asked for, the newest', async () => {
  world = await startWorld({ limits: { drainMs: 10 } });
  const clients = [await connected(), await connected(), await connected()];
  world.gateway.shed(1);
  expect((await clients[2]?.close())?.code).toBe(1012);
  world.gateway.shed(1);
  expect((await clients[1]?.close())?.code).toBe(1012);
  clients[0]?.send({ type: 'ping' });
  await clients[0]?.message(({ type }) => type === 'pong');
});
