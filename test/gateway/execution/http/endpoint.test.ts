import { createServer, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { EndpointSettings } from '../../../../gateway/execution/http/endpoint.ts';
import { PlainEndpoint } from '../../../../gateway/execution/http/plain-endpoint.ts';
import { UndiciEndpoint } from '../../../../gateway/execution/http/undici-endpoint.ts';
import { ask, endpointOf, ok, serve } from './scripted-server.ts';

describe.each([
  ['our own', PlainEndpoint],
  ['undici', UndiciEndpoint],
])('an endpoint by %s', (_, kind) => {
  const endpointAt = (url: URL, connections: number, settings: Partial<EndpointSettings> = {}) =>
    endpointOf(kind, url, { connections, ...settings });

  test('carries one request at a time, and those that wait come in their order', async () => {
    const bodies: string[] = [];
    const { url, connections } = await serve((socket, text) => {
      bodies.push(text.slice(-1));
      setImmediate(() => socket.write(ok(text.slice(-1))));
    });
    const endpoint = endpointAt(url, 2);
    const asked = ['1', '2', '3', '4', '5', '6'];
    const answers = await Promise.all(asked.map((body) => endpoint.send(ask(body)).answer));
    expect(answers.map(({ bytes }) => bytes.toString())).toEqual(asked);
    expect(bodies.toSorted()).toEqual(asked);
    expect(connections()).toBe(2);
  });

  test('an answer to the end of the connection, and one in chunks', async () => {
    const { url } = await serve((socket, text) => {
      if (text.endsWith('chunks'))
        socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n');
      else socket.end('HTTP/1.0 200 OK\r\n\r\n{"to":"the end"}');
    });
    const endpoint = endpointAt(url, 1);
    expect((await endpoint.send(ask('end')).answer).bytes.toString()).toBe('{"to":"the end"}');
    expect((await endpoint.send(ask('chunks')).answer).bytes.toString()).toBe('{}');
    expect((await endpoint.send(ask('end')).answer).bytes.toString()).toBe('{"to":"the end"}');
  });

  test('one request that is given up does not hold up those that wait', async () => {
    const arrived = Promise.withResolvers<void>();
    const { url } = await serve((socket, text) => {
      if (text.endsWith('slow')) arrived.resolve();
      else socket.write(ok('{}'));
    });
    const endpoint = endpointAt(url, 1);
    const slow = endpoint.send(ask('slow'));
    const left = endpoint.send(ask('left'));
    const next = endpoint.send(ask('next'));
    await arrived.promise;
    left.end(new Error('left'));
    slow.end(new Error('given up'));
    await expect(slow.answer).rejects.toThrow('given up');
    await expect(left.answer).rejects.toThrow('left');
    expect((await next.answer).bytes.toString()).toBe('{}');
  });

  test('close rejects what is under way and what waits, and leaves no connection', async () => {
    const { url } = await serve(() => undefined);
    const endpoint = endpointAt(url, 1);
    const both = [endpoint.send(ask('1')).answer, endpoint.send(ask('2')).answer];
    const closed = Promise.allSettled(both);
    await endpoint.close();
    expect((await closed).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await expect((async () => endpoint.send(ask('3')).answer)()).rejects.toThrow();
  });

  test('more than may wait are refused, and there is room again when one has ended', async () => {
    const sockets: Socket[] = [];
    const arrived = Promise.withResolvers<void>();
    const { url } = await serve((socket) => {
      sockets.push(socket);
      arrived.resolve();
    });
    const endpoint = endpointAt(url, 1, { maximumWaiting: 1 });
    const first = endpoint.send(ask('1')).answer;
    const second = endpoint.send(ask('2'));
    expect(() => endpoint.send(ask('3'))).toThrow('has too many requests waiting for it');
    second.end(new Error('left'));
    await expect(second.answer).rejects.toThrow('left');
    const third = endpoint.send(ask('3')).answer;
    await arrived.promise;
    sockets[0]?.end(ok('{}', 'connection: close\r\n'));
    expect((await first).bytes.toString()).toBe('{}');
    third.catch(() => undefined);
  });

  test('each that is late is told so, those that wait for a connection too', async () => {
    const { url } = await serve(() => undefined);
    const endpoint = endpointAt(url, 1, { timeoutMs: 50 });
    const answers = await Promise.allSettled([1, 2, 3].map(() => endpoint.send(ask('{}')).answer));
    for (const answer of answers)
      expect(answer).toMatchObject({
        reason: { code: 'SUBGRAPH_TIMEOUT', message: expect.stringContaining('50 ms') },
      });
  });

  test('an answer that is too large is refused', async () => {
    const { url } = await serve((socket) => socket.write(ok('x'.repeat(2_000))));
    const endpoint = endpointAt(url, 1, { maximumResponseBytes: 1_000 });
    await expect(endpoint.send(ask('{}')).answer).rejects.toMatchObject({ code: 'SUBGRAPH_FAILED' });
  });

  test('with a name and a password in the URL', async () => {
    const { url } = await serve((socket, text) =>
      socket.write(ok(/authorization: (.*)\r\n/.exec(text)?.[1] ?? 'none')),
    );
    url.username = 'me';
    url.password = 'ä:b%zz';
    const { bytes } = await endpointAt(url, 1).send(ask('{}')).answer;
    expect(bytes.toString()).toBe(`Basic ${Buffer.from('me:ä:b%zz').toString('base64')}`);
  });

  test('by a name that stands for several addresses, of which one does not answer', async () => {
    const { url } = await serve((socket) => socket.write(ok('{}')));
    url.hostname = 'localhost';
    expect((await endpointAt(url, 1).send(ask('{}')).answer).bytes.toString()).toBe('{}');
  });

  test('where nothing listens', async () => {
    const server = createServer();
    const { port } = await new Promise<{ port: number }>((resolve) =>
      server.listen(0, '127.0.0.1', () => resolve(server.address() as { port: number })),
    );
    await new Promise((resolve) => server.close(resolve));
    const endpoint = endpointAt(new URL(`http://127.0.0.1:${port}`), 1);
    await expect(endpoint.send(ask('{}')).answer).rejects.toThrow('ECONNREFUSED');
    await expect(endpoint.send(ask('{}')).answer).rejects.toThrow('ECONNREFUSED');
  });
});
