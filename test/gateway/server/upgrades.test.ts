import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../support/signal.ts';
import { startWorld, type World } from '../support/world.ts';

let world: World;
const sockets: Socket[] = [];
beforeEach(async () => {
  // A connection that is not gone would be one too many for the next.
  world = await startWorld({ limits: { connectionsPerAddress: 1 } });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await world.stop();
});

const open = () => {
  const socket = connect({ port: world.gateway.port, host: '127.0.0.1', allowHalfOpen: true });
  sockets.push(socket);
  let text = '';
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1');
  });
  socket.on('error', () => undefined);
  return { socket, until: (part: string) => eventually(() => text.includes(part)), text: () => text };
};

const upgrade = (path: string, fields = ''): string =>
  `GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-protocol: graphql-transport-ws\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n${fields}\r\n`;
const query = '{"query":"{ __typename }"}';
const post = (fields = ''): string =>
  `POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n${fields}content-length: ${query.length}\r\n\r\n${query}`;

/** A text message of a client, masked by nothing. */
const frame = (text: string): Buffer =>
  Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]);

describe('an upgrade that is refused', () => {
  test.each([
    ['of an unknown path', upgrade('/nowhere'), '404'],
    ['of a foreign page', upgrade('/graphql', 'origin: https://evil.example\r\n'), '403'],
  ])('%s leaves no connection, whatever its client sends behind it', async (_, text, status) => {
    const { socket, until } = open();
    socket.write(text);
    await until(`HTTP/1.1 ${status}`);
    socket.end('more');
    await once(socket, 'close');
    const next = open();
    next.socket.write(post());
    await next.until('HTTP/1.1');
    expect(next.text()).toContain('HTTP/1.1 200');
  });
});

describe('websockets', () => {
  test('on a connection that began with queries, with what a client sends at once', async () => {
    const { socket, until, text } = open();
    for (const count of [1, 2, 3]) {
      socket.write(post());
      await eventually(() => text().split('"__typename":"Query"').length > count);
    }
    socket.write(
      Buffer.concat([
        Buffer.from(upgrade('/graphql')),
        frame('{"type":"connection_init"}'),
        frame('{"type":"ping"}'),
      ]),
    );
    await until('HTTP/1.1 101');
    await until('{"type":"connection_ack"}');
    await until('"pong"');
    socket.write(frame(`{"type":"subscribe","id":"1","payload":${query}}`));
    await until('"type":"complete"');
    expect(world.gateway.sockets).toBe(1);
  });
});

test.each(['h2c', 'TLS/1.0, HTTP/2.0'])(
  'a client that offers %s is answered as if it had not, as the JDK asks by default',
  async (protocol) => {
    const { socket, until } = open();
    const fields = `connection: Upgrade, HTTP2-Settings\r\nupgrade: ${protocol}\r\nhttp2-settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\n`;
    for (const text of [post(fields), post(), post(fields)]) {
      socket.write(text);
      await until('"__typename":"Query"');
    }
  },
);
