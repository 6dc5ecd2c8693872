import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { RawClient } from '../support/raw-client.ts';
import { startWorld, type World } from '../support/world.ts';

let world: World;

afterEach(() => world.stop());

interface Answer {
  readonly status: number | undefined;
  readonly connection: string | undefined;
  readonly text: string;
}

/** Over a connection of its own. */
const ask = async (path: string, headers: Record<string, string> = {}): Promise<Answer> => {
  const asked = request(new URL(path, world.gateway.url), { agent: false, headers }).end();
  const [response] = await once(asked, 'response');
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return { status: response.statusCode, connection: response.headers.connection, text };
};

const query = `/graphql?query=${encodeURIComponent('{ __typename }')}`;
const json = { 'content-type': 'application/json' };

/** Which ask nothing. */
const idle = async (address: string): Promise<Socket> => {
  const socket = connect({ port: world.gateway.port, host: '127.0.0.1', localAddress: address });
  await once(socket, 'connect');
  return socket;
};

describe('S29 connections of one address', () => {
  test('one more is refused with 429, whatever it is for; those that are there stay, and one that leaves makes room', async () => {
    world = await startWorld({ limits: { connectionsPerAddress: 2 } });
    const first = await new RawClient(world.websocketUrl).initialised();
    const second = await new RawClient(world.websocketUrl).initialised();
    const refused = await ask(query, json);
    expect(refused).toMatchObject({ status: 429, connection: 'close' });
    expect(JSON.parse(refused.text).errors).toMatchObject([
      {
        message: expect.stringMatching(/^Your address has 2 connections/),
        extensions: { code: 'TOO_MANY_OPERATIONS', retryable: true },
      },
    ]);
    const third = new RawClient(world.websocketUrl);
    const [, answer] = await once(third.websocket, 'unexpected-response');
    expect(answer.statusCode).toBe(429);
    third.websocket.terminate();
    expect(world.gateway.counters.connectionsRefused).toBe(2);
    second.send({ type: 'ping' });
    await second.message(({ type }) => type === 'pong');
    first.websocket.terminate();
    // Its end may come behind the next connection.
    while ((await ask(query, json)).status !== 200);
    second.websocket.terminate();
  });

  test('an EventSource, which gives up on 429 for good, is told to come back; probes are answered', async () => {
    world = await startWorld({ limits: { connectionsPerAddress: 1 } });
    const client = await new RawClient(world.websocketUrl).initialised();
    const stream = await ask(query, { accept: 'text/event-stream' });
    expect(stream).toMatchObject({
      status: 200,
      connection: 'close',
      text: expect.stringMatching(/^:\nretry: \d+\n\n$/),
    });
    expect((await ask('/health/ready')).status).toBe(200);
    client.websocket.terminate();
  });

  // Elsewhere loopback has one address.
  test.skipIf(process.platform !== 'linux')('other addresses have their own', async () => {
    world = await startWorld({ limits: { connectionsPerAddress: 1 } });
    const others = [await idle('127.0.0.2'), await idle('127.0.0.3')];
    expect((await ask(query, json)).status).toBe(200);
    expect(world.gateway.counters.connectionsRefused).toBe(0);
    for (const other of others) other.destroy();
  });

  test('a connection that asks nothing is closed, refused or not', async () => {
    world = await startWorld({ limits: { connectionsPerAddress: 1, requestMs: 200 } });
    const sockets = [await idle('127.0.0.1'), await idle('127.0.0.1')];
    await Promise.all(sockets.map((socket) => once(socket.resume(), 'close')));
    expect(world.gateway.counters.connectionsRefused).toBe(1);
  });

  test('of one address, a hundred wait to be told at a time; one more is closed at once', async () => {
    world = await startWorld({ limits: { connectionsPerAddress: 1 } });
    const sockets = [];
    for (let opened = 0; opened < 101; opened += 1) sockets.push(await idle('127.0.0.1'));
    const last = connect({ port: world.gateway.port, host: '127.0.0.1' });
    last.on('error', () => undefined).resume();
    await once(last, 'close');
    expect(sockets.every((socket) => !socket.destroyed)).toBe(true);
    expect(world.gateway.counters.connectionsRefused).toBe(101);
    for (const socket of sockets) socket.destroy();
  });
});
