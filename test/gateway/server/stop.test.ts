import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { RawClient } from '../support/raw-client.ts';
import { eventually } from '../support/signal.ts';
import { startWorld, type World } from '../support/world.ts';

let world: World;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await world.stop();
});

const open = async (text: string): Promise<Socket> => {
  const socket = connect(world.gateway.port, '127.0.0.1').on('error', () => undefined);
  sockets.push(socket);
  await once(socket, 'connect');
  socket.write(text);
  return socket;
};

const stopMs = async (): Promise<number> => {
  const began = performance.now();
  await world.gateway.stop();
  return performance.now() - began;
};

describe('the gateway stops within 2 s', () => {
  test('beside connections that never said anything, and one whose headers do not end', async () => {
    world = await startWorld();
    await open('');
    await open('GET /health/live HTTP/1.1\r\nhost: localhost\r\n');
    // Answered, so the two before it were accepted too.
    const used = await open('GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n');
    await once(used, 'data');
    expect(await stopMs()).toBeLessThan(2_000);
  });

  test('with 50 live clients, one of which catches up and one does not read', async () => {
    world = await startWorld();
    for (let index = 0; index < 50; index += 1) world.events.produce();
    world.events.gate = new Promise(() => undefined);
    const clients = await Promise.all(
      Array.from({ length: 50 }, () => new RawClient(world.websocketUrl).initialised()),
    );
    clients.forEach((client, index) => {
      const cursor = index === 0 ? { cursor: world.events.cursorAt([0, 0]) } : {};
      const payload = { query: 'subscription { events { id } }', extensions: { tributary: cursor } };
      client.send({ type: 'subscribe', id: 'a', payload });
    });
    await eventually(
      () => world.gateway.counters.subscribers === 50 && world.gateway.counters.catchUps === 1,
    );
    clients[1]?.websocket.pause();
    expect(await stopMs()).toBeLessThan(2_000);
    await clients[2]?.close();
    expect(clients[2]?.closed?.code).toBe(1012);
    expect(world.gateway.counters).toMatchObject({
      subscribers: 0,
      operations: 0,
      catchUps: 0,
      ringBytes: 0,
    });
    await eventually(() => world.events.connections === 0);
    clients[1]?.websocket.terminate();
  });
});
