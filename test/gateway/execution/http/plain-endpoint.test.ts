import { Socket } from 'node:net';
import { describe, expect, test, vi } from 'vitest';
import { PlainEndpoint } from '../../../../gateway/execution/http/plain-endpoint.ts';
import { ask, endpointOf, ok, serve } from './scripted-server.ts';

const endpointAt = (url: URL, connections = 4) => endpointOf(PlainEndpoint, url, { connections });

describe('a request', () => {
  test('is one piece, with its length in bytes', async () => {
    const seen: string[] = [];
    const { url } = await serve((socket, text) => {
      seen.push(text);
      socket.write(ok('{}'));
    });
    const endpoint = endpointAt(url);
    const headers = { 'x-request-id': 'one', Accept: 'text/plain', constructor: 'two' };
    await endpoint.send(ask('{"a":1}', true, headers)).answer;
    await endpoint.send(ask('"Zürich"')).answer;
    const head = (more: string): string =>
      `POST /graphql?v=1 HTTP/1.1\r\nhost: ${url.host}\r\nconnection: keep-alive\r\ncontent-type: application/json\r\naccept: application/graphql-response+json, application/json;q=0.9\r\n${more}\r\n\r\n`;
    expect(seen).toEqual([
      `${head('x-request-id: one\r\nconstructor: two\r\ncontent-length: 7')}{"a":1}`,
      `${head('content-length: 9')}"Zürich"`,
    ]);
  });

  test.each([
    ['x', 'a\r\nb: c'],
    ['x\r\n', 'a'],
    ['', 'a'],
    ['x', '東'],
    ['Content-Length', '1'],
    ['Transfer-Encoding', 'chunked'],
    ['host', 'other'],
  ])('with the header %j: %j is not sent', async (name, value) => {
    const { url, connections } = await serve(() => undefined);
    expect(() => endpointAt(url).send(ask('{}', true, { [name]: value }))).toThrow('cannot be sent');
    expect(connections()).toBe(0);
  });

  test('to an IPv6 address', async () => {
    const { url } = await serve((socket) => socket.write(ok('{}')), '::1');
    expect(await endpointAt(url).send(ask('{}')).answer).toEqual({ status: 200, bytes: Buffer.from('{}') });
  });
});

describe('a connection', () => {
  test('is used again', async () => {
    const { url, connections } = await serve((socket) => socket.write(ok('{}')));
    const endpoint = endpointAt(url);
    for (let count = 0; count < 20; count++) await endpoint.send(ask('{}')).answer;
    expect(connections()).toBe(1);
  });

  test.each([['Connection: close\r\n'], ['Keep-Alive: timeout=1\r\n']])(
    'is not used again behind %j',
    async (fields) => {
      const { url, connections } = await serve((socket) => socket.write(ok('{}', fields)));
      const endpoint = endpointAt(url, 1);
      for (let count = 0; count < 3; count++) await endpoint.send(ask('{}')).answer;
      expect(connections()).toBe(3);
    },
  );

  test('that was closed while it was idle: a query is sent again, once; a mutation is not', async () => {
    let closing = true;
    const { url, connections } = await serve((socket, text) => {
      if (text.endsWith('first')) socket.write(ok('{}'));
      else if (closing) socket.destroy();
      else socket.write(ok('"again"'));
      if (text.endsWith('second')) closing = false;
    });
    const endpoint = endpointAt(url, 1);
    await endpoint.send(ask('first')).answer;
    expect((await endpoint.send(ask('second')).answer).bytes.toString()).toBe('"again"');
    expect(connections()).toBe(2);
    closing = true;
    await expect(endpoint.send(ask('mutation', false)).answer).rejects.toThrow();
    await expect(endpoint.send(ask('on a new connection')).answer).rejects.toThrow();
    expect(connections()).toBe(3);
  });

  test('of which all that are idle have died: a query is sent again on a new one', async () => {
    const gone = new Set<Socket>();
    const { url, connections } = await serve((socket, _, number) => {
      if (number < 2 && gone.has(socket)) socket.resetAndDestroy();
      else socket.write(ok('{}'));
      gone.add(socket);
    });
    const endpoint = endpointAt(url, 2);
    await Promise.all([endpoint.send(ask('1')).answer, endpoint.send(ask('2')).answer]);
    expect((await endpoint.send(ask('3')).answer).bytes.toString()).toBe('{}');
    expect(connections()).toBe(3);
  });

  test('that has broken while it was idle takes nothing, not even before its end is told', async () => {
    const { url, connections } = await serve((socket) => {
      socket.write(ok('{}'), () => setImmediate(() => socket.resetAndDestroy()));
    });
    const endpoint = endpointAt(url, 1);
    const broken = Promise.withResolvers<void>();
    const { destroy } = Socket.prototype;
    const spy = vi.spyOn(Socket.prototype, 'destroy').mockImplementation(function (this: Socket, error) {
      // Behind `error`, and before `close`.
      if (error !== undefined) setImmediate(() => broken.resolve());
      return destroy.call(this, error);
    });
    await endpoint.send(ask('1')).answer;
    await broken.promise;
    spy.mockRestore();
    expect((await endpoint.send(ask('a mutation', false)).answer).bytes.toString()).toBe('{}');
    expect(connections()).toBe(2);
  });

  test('on which a server answers before it has read all is not used again', async () => {
    const { url, connections } = await serve((socket) => {
      socket.write(ok('"enough"'));
      socket.pause();
    });
    const endpoint = endpointAt(url, 1);
    const long = 'x'.repeat(32 * 1024 * 1024);
    expect((await endpoint.send(ask(long)).answer).bytes.toString()).toBe('"enough"');
    expect((await endpoint.send(ask('{}')).answer).bytes.toString()).toBe('"enough"');
    expect(connections()).toBe(2);
  });

  test('that breaks in the middle of an answer: nothing is sent again', async () => {
    let requests = 0;
    const { url } = await serve((socket) => {
      requests += 1;
      if (requests === 1) socket.write(ok('{}'));
      else socket.end('HTTP/1.1 200 OK\r\ncontent-le');
    });
    const endpoint = endpointAt(url, 1);
    await endpoint.send(ask('1')).answer;
    await expect(endpoint.send(ask('2')).answer).rejects.toThrow('closed before the answer was whole');
    expect(requests).toBe(2);
  });

  test('on which something comes that nobody asked for is given up', async () => {
    const gone = Promise.withResolvers<void>();
    const { url, connections } = await serve((socket) => {
      socket.once('close', () => gone.resolve());
      socket.write(ok('{}'), () => setImmediate(() => socket.write('HTTP/1.1 408 Request Timeout\r\n\r\n')));
    });
    const endpoint = endpointAt(url, 1);
    await endpoint.send(ask('1')).answer;
    await gone.promise;
    await endpoint.send(ask('2')).answer;
    expect(connections()).toBe(2);
  });
});
