import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { EventSourceClient } from '../support/event-source.ts';
import { RawClient } from '../support/raw-client.ts';
import { eventually } from '../support/signal.ts';
import { startWorld, type World } from '../support/world.ts';

const query = 'subscription { events { id padding } }';

let world: World;
afterEach(() => world.stop());

const follow = async (count: number): Promise<RawClient[]> => {
  const clients = await Promise.all(
    Array.from({ length: count }, () => new RawClient(world.websocketUrl).initialised()),
  );
  for (const client of clients) client.send({ type: 'subscribe', id: 'a', payload: { query } });
  await eventually(() => world.gateway.counters.subscribers >= count && world.events.live > 0);
  return clients;
};

const nexts = ({ messages }: RawClient): number => messages.filter(({ type }) => type === 'next').length;

/** The status of an answer over one connection that is kept. */
const ask = (agent: Agent, path: string): Promise<{ status: number; connection: string | undefined }> =>
  new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port: world.gateway.port, path, agent }, (response) => {
      response.resume().on('end', () => {
        resolve({ status: response.statusCode ?? 0, connection: response.headers.connection });
      });
    });
    sent.on('error', reject).end();
  });

describe('S21 the gateway drains', () => {
  test('S21 websockets close with 1012 one after the other, and those that are left get events meanwhile', async () => {
    world = await startWorld({ limits: { drainMs: 1_500 } });
    const clients = await follow(200);
    const times: number[] = [];
    for (const { websocket } of clients) websocket.on('close', () => times.push(performance.now()));
    const began = performance.now();
    const stopped = world.gateway.stop();
    await eventually(() => times.length >= 20);
    expect(times.length).toBeLessThan(180);
    world.events.produce();
    await eventually(() => clients.some((client) => client.closed === null && nexts(client) === 1));
    await stopped;
    const closes = await Promise.all(clients.map((client) => client.close()));
    expect(new Set(closes.map(({ code }) => code))).toEqual(new Set([1012]));
    expect(Math.max(...times) - began).toBeGreaterThan(1_000);
    expect(world.gateway.counters).toMatchObject({ subscribers: 0, operations: 0, ringBytes: 0 });
  });

  test('S21 each client gets what is due before it is closed', async () => {
    world = await startWorld();
    const clients = await follow(20);
    const source = new EventSourceClient(world.gateway.url, { query });
    await eventually(() => world.gateway.counters.streams === 1 && world.gateway.counters.subscribers === 21);
    const padding = 'x'.repeat(20_000);
    for (let index = 0; index < 100; index += 1) world.events.produce(0, { padding });
    // All are in the ring, and hardly any on the wire.
    await eventually(() => world.gateway.counters.executions === 100);
    await world.gateway.stop();
    await Promise.all(clients.map((client) => client.close()));
    expect(clients.map(nexts)).toEqual(clients.map(() => 100));
    await source.changed.until(() => source.received.length === 100);
    source.close();
  });

  test('the listener is closed first; who is connected is answered, and told that it is not ready', async () => {
    world = await startWorld({ limits: { drainMs: 60_000 } });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    await follow(1);
    const clients = await follow(100);
    expect(await ask(agent, '/health/ready')).toMatchObject({ status: 200 });
    const stopped = world.gateway.stop();
    expect(clients.some((client) => client.closed === null)).toBe(true);
    const late = connect(world.gateway.port, '127.0.0.1');
    await expect(once(late, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(await ask(agent, '/health/ready')).toEqual({ status: 503, connection: 'close' });
    await stopped;
    agent.destroy();
  });

  test('stopped twice is stopped once', async () => {
    world = await startWorld();
    await follow(2);
    await Promise.all([world.gateway.stop(), world.gateway.stop()]);
    await world.gateway.stop();
  });
});
