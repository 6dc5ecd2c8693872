import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { Subgraph, SubgraphRequest } from '../../../gateway/execution/fetcher.ts';
import {
  createHttpFetcher,
  type HttpFetcher,
  type HttpFetcherOptions,
} from '../../../gateway/execution/http-fetcher.ts';
import type { TributaryError } from '../../../schema/errors.ts';

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void;

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const request: SubgraphRequest = { query: '{ a }', variables: { v: 1 } };
const forever = new AbortController().signal;

async function serve(handler: Handler, port = 0): Promise<Subgraph & { server: Server; port: number }> {
  const server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    handler(incoming, response, Buffer.concat(chunks).toString());
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => stop(server));
  const bound = (server.address() as AddressInfo).port;
  return { name: 'flights', url: `http://127.0.0.1:${bound}/graphql?v=1`, server, port: bound };
}

const stop = (server: Server): Promise<unknown> => {
  server.closeAllConnections();
  return server.listening ? new Promise((resolve) => server.close(resolve)) : Promise.resolve();
};

function fetcher(options?: HttpFetcherOptions): HttpFetcher {
  const made = createHttpFetcher(options);
  cleanups.push(() => made.close());
  return made;
}

const answerJson: Handler = (_, response) => {
  response.setHeader('content-type', 'application/json');
  response.end('{"data":{"a":1}}');
};

async function rejection(promise: Promise<unknown>): Promise<TributaryError> {
  return promise.then(
    () => Promise.reject(new Error('it did not reject')),
    (error) => error,
  );
}

const told = ({ code, message, extensions }: TributaryError) => ({
  code,
  message,
  subgraph: extensions.subgraph,
});

describe('createHttpFetcher', () => {
  test('posts GraphQL', async () => {
    const seen: unknown[] = [];
    const subgraph = await serve((incoming, response, body) => {
      seen.push([
        incoming.method,
        incoming.url,
        incoming.headers['content-type'],
        incoming.headers.authorization,
        JSON.parse(body),
      ]);
      answerJson(incoming, response, body);
    });
    const it = fetcher();
    const full = {
      ...request,
      operationName: 'A',
      extensions: { tributary: {} },
      headers: { authorization: 'me' },
    };
    expect(await it.fetch(subgraph, full, forever)).toEqual({ data: { a: 1 } });
    expect(await it.fetch(subgraph, request, forever)).toEqual({ data: { a: 1 } });
    expect(seen).toEqual([
      [
        'POST',
        '/graphql?v=1',
        'application/json',
        'me',
        { query: '{ a }', variables: { v: 1 }, operationName: 'A', extensions: { tributary: {} } },
      ],
      ['POST', '/graphql?v=1', 'application/json', undefined, { query: '{ a }', variables: { v: 1 } }],
    ]);
  });

  test('keeps its connections', async () => {
    const sockets = new Set<unknown>();
    const subgraph = await serve((incoming, response, body) => {
      sockets.add(incoming.socket);
      answerJson(incoming, response, body);
    });
    const it = fetcher();
    for (let count = 0; count < 20; count++) await it.fetch(subgraph, request, forever);
    // A connection is free a moment after its answer has ended, so a second one may be opened.
    expect(sockets.size).toBeLessThanOrEqual(2);
  });

  test('gives GraphQL errors whatever the HTTP status', async () => {
    const subgraph = await serve((_, response) => {
      response.statusCode = 500;
      response.end('{"errors":[{"message":"no"}]}');
    });
    expect(await fetcher().fetch(subgraph, request, forever)).toEqual({ errors: [{ message: 'no' }] });
  });

  test('refused: SUBGRAPH_UNAVAILABLE, and the subgraph is back as soon as it listens again', async () => {
    const first = await serve(answerJson);
    const log: string[] = [];
    const it = fetcher({
      log: { warn: ({ subgraph }, message) => void log.push(`${subgraph}: ${message}`) },
    });
    expect(await it.fetch(first, request, forever)).toEqual({ data: { a: 1 } });
    await stop(first.server);
    const error = await rejection(it.fetch(first, request, forever));
    expect(told(error)).toEqual({
      code: 'SUBGRAPH_UNAVAILABLE',
      message: 'Subgraph "flights" does not answer.',
      subgraph: 'flights',
    });
    expect(JSON.stringify(error.extensions)).not.toMatch(/127\.0\.0\.1|ECONNREFUSED/);
    await rejection(it.fetch(first, request, forever));
    await serve(answerJson, first.port);
    expect(await it.fetch(first, request, forever)).toEqual({ data: { a: 1 } });
    expect(log).toEqual(['flights: the subgraph does not answer', 'flights: the subgraph answers again']);
  });

  test('reset in the middle of an answer: SUBGRAPH_UNAVAILABLE', async () => {
    const subgraph = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"data":', () => response.destroy());
    });
    expect(told(await rejection(fetcher().fetch(subgraph, request, forever)))).toMatchObject({
      code: 'SUBGRAPH_UNAVAILABLE',
    });
  });

  test.each([
    ['headers', (() => {}) as Handler],
    ['the end of the body', ((_, response) => response.write('{"data"')) as Handler],
  ])('no %s in time: SUBGRAPH_TIMEOUT', async (_, handler) => {
    const subgraph = await serve(handler);
    expect(told(await rejection(fetcher({ timeoutMs: 50 }).fetch(subgraph, request, forever)))).toEqual({
      code: 'SUBGRAPH_TIMEOUT',
      message: 'Subgraph "flights" did not answer within 50 ms.',
      subgraph: 'flights',
    });
  });

  test.each([
    ['<html>502 Bad Gateway nginx/1.2</html>', 502, 'answered with HTTP 502 and no JSON.'],
    ['', 200, 'answered with HTTP 200 and no JSON.'],
    ['{"message":"down"}', 503, 'answered with HTTP 503 and no GraphQL.'],
    ['[1]', 200, 'answered with HTTP 200 and no GraphQL.'],
    ['{"errors":[]}', 200, 'answered with HTTP 200 and no GraphQL.'],
  ])('garbage %j: SUBGRAPH_FAILED', async (body, status, message) => {
    const subgraph = await serve((_, response) => {
      response.statusCode = status;
      response.end(body);
    });
    expect(told(await rejection(fetcher().fetch(subgraph, request, forever)))).toEqual({
      code: 'SUBGRAPH_FAILED',
      message: `Subgraph "flights" ${message}`,
      subgraph: 'flights',
    });
  });

  test('an answer beyond the bound is refused, without reading it to its end', async () => {
    const subgraph = await serve((_, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(1024))) {}
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    });
    const it = fetcher({ maximumResponseBytes: 10_000 });
    expect(told(await rejection(it.fetch(subgraph, request, forever)))).toMatchObject({
      code: 'SUBGRAPH_FAILED',
      message: 'Subgraph "flights" answered with more than 10000 bytes.',
    });
  });

  test('requests beyond those that may wait are refused', async () => {
    const held: ServerResponse[] = [];
    const arrived = Promise.withResolvers<void>();
    const subgraph = await serve((_, response) => {
      held.push(response);
      arrived.resolve();
    });
    const it = fetcher({ connections: 1, maximumWaiting: 1 });
    const first = it.fetch(subgraph, request, forever);
    await arrived.promise;
    const second = it.fetch(subgraph, request, forever);
    expect(told(await rejection(it.fetch(subgraph, request, forever)))).toMatchObject({
      code: 'SUBGRAPH_UNAVAILABLE',
      message: 'Subgraph "flights" has too many requests waiting for it.',
    });
    held[0]?.end('{"data":{"n":1}}');
    expect(await first).toEqual({ data: { n: 1 } });
    second.catch(() => undefined);
  });

  test('an abort rejects with its reason', async () => {
    const controller = new AbortController();
    const subgraph = await serve(() => controller.abort(new Error('client left')));
    await expect(fetcher().fetch(subgraph, request, controller.signal)).rejects.toThrow('client left');
    await expect(fetcher().fetch(subgraph, request, controller.signal)).rejects.toThrow('client left');
  });

  test('a URL that is none', async () => {
    const error = await rejection(fetcher().fetch({ name: 'flights', url: 'nowhere' }, request, forever));
    expect(error.message).toBe('Subgraph "flights" has no usable URL in the supergraph.');
  });
});
