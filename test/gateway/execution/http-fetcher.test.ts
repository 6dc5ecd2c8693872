import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
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

  test('https is asked over TLS', async () => {
    const hello = Promise.withResolvers<number | undefined>();
    const server = createTcpServer((socket) =>
      socket.once('data', (bytes) => {
        hello.resolve(bytes[0]);
        socket.destroy();
      }),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const subgraph = { name: 'flights', url: `https://127.0.0.1:${port}/graphql` };
    expect(told(await rejection(fetcher().fetch(subgraph, request, forever)))).toMatchObject({
      code: 'SUBGRAPH_UNAVAILABLE',
    });
    // A record of the type "handshake".
    expect(await hello.promise).toBe(0x16);
    server.close();
  });

  test('a URL that is none', async () => {
    const error = await rejection(fetcher().fetch({ name: 'flights', url: 'nowhere' }, request, forever));
    expect(error.message).toBe('Subgraph "flights" has no usable URL in the supergraph.');
  });
});

describe('answers as bytes', () => {
  const representations = [{ __typename: 'Flight', id: 'ü"1' }];
  const { query } = request;
  const cases: SubgraphRequest[] = [
    { query, variables: {} },
    { query, variables: { v: 1 }, operationName: 'A' },
    { query, variables: {}, extensions: { tributary: { after: {} } } },
  ];

  test.each(cases)('are asked for with the same body: %j', async (asked) => {
    const bodies: string[] = [];
    const subgraph = await serve((incoming, response, body) => {
      bodies.push(body);
      answerJson(incoming, response, body);
    });
    const it = fetcher();
    const { variables } = asked;
    await it.fetch(subgraph, { ...asked, variables: { ...variables, representations } }, forever);
    await it.fetchBytes(
      subgraph,
      { ...asked, representations: JSON.stringify(representations) },
      forever,
      () => null,
    );
    expect(bodies).toHaveLength(2);
    expect(bodies[1]).toBe(bodies[0]);
  });

  test('are read by the scan, and parsed where it finds something else', async () => {
    const subgraph = await serve(answerJson);
    const it = fetcher();
    const seen: string[] = [];
    const parsed = await it.fetchBytes(subgraph, request, forever, (bytes) => {
      seen.push(bytes.toString());
      return null;
    });
    expect(seen).toEqual(['{"data":{"a":1}}']);
    expect(parsed).toEqual({ data: { a: 1 } });
  });

  test('that are no JSON fail as parsed ones do', async () => {
    const subgraph = await serve((_, response) => response.end('<html>'));
    const it = fetcher();
    const error = await rejection(it.fetchBytes(subgraph, request, forever, () => null));
    expect(told(error)).toEqual(told(await rejection(it.fetch(subgraph, request, forever))));
  });
});

describe('identical requests under way', () => {
  const shared: SubgraphRequest = { ...request, shared: true };

  /** A subgraph that holds each request until it is told. */
  const holding = async () => {
    const held: ServerResponse[] = [];
    const waiting: (() => void)[] = [];
    const subgraph = await serve((_, response) => {
      held.push(response);
      for (const look of waiting.splice(0)) look();
    });
    const until = async (count: number): Promise<void> => {
      while (held.length < count) await new Promise<void>((resolve) => waiting.push(resolve));
    };
    return { subgraph, held, until };
  };

  test('are made once; each gets an answer of its own to change', async () => {
    const { subgraph, held, until } = await holding();
    const it = fetcher();
    const withId = (id: string) => ({ ...shared, headers: { 'x-request-id': id } });
    const both = [it.fetch(subgraph, withId('one'), forever), it.fetch(subgraph, withId('two'), forever)];
    await until(1);
    held[0]!.end('{"data":{"a":1}}');
    const [first, second] = await Promise.all(both);
    expect([first, second]).toEqual([{ data: { a: 1 } }, { data: { a: 1 } }]);
    expect(first!.data).not.toBe(second!.data);
    expect(held).toHaveLength(1);
    const later = it.fetch(subgraph, shared, forever);
    await until(2);
    held[1]!.end('{"data":{"a":2}}');
    expect(await later).toEqual({ data: { a: 2 } });
  });

  test('are made each where they may not be shared, or differ in variables, extensions or headers', async () => {
    const { subgraph, held, until } = await holding();
    const it = fetcher();
    const different: SubgraphRequest[] = [
      request,
      request,
      shared,
      { ...shared, variables: { v: 2 } },
      { ...shared, extensions: { tributary: { after: {} } } },
      { ...shared, headers: { authorization: 'me' } },
    ];
    const all = different.map((each) => it.fetch(subgraph, each, forever));
    await until(different.length);
    for (const response of held) response.end('{"data":{"a":1}}');
    expect(await Promise.all(all)).toHaveLength(different.length);
  });

  test('one who leaves does not end it for the others; the last one does', async () => {
    const { subgraph, held, until } = await holding();
    const it = fetcher();
    const [one, two] = [new AbortController(), new AbortController()];
    const first = it.fetch(subgraph, shared, one.signal);
    const second = it.fetch(subgraph, shared, two.signal);
    await until(1);
    const gone = once(held[0]!, 'close');
    one.abort(new Error('one left'));
    await expect(first).rejects.toThrow('one left');
    const third = it.fetch(subgraph, shared, two.signal);
    two.abort(new Error('two left'));
    await expect(second).rejects.toThrow('two left');
    await expect(third).rejects.toThrow('two left');
    await gone;
    const fourth = it.fetch(subgraph, shared, forever);
    await until(2);
    held[1]!.end('{"data":{"a":4}}');
    expect(await fourth).toEqual({ data: { a: 4 } });
  });

  test('fail together', async () => {
    const { subgraph, held, until } = await holding();
    const it = fetcher();
    const both = [it.fetch(subgraph, shared, forever), it.fetch(subgraph, shared, forever)];
    await until(1);
    held[0]!.destroy();
    const codes = await Promise.all(both.map(async (each) => (await rejection(each)).code));
    expect(codes).toEqual(['SUBGRAPH_UNAVAILABLE', 'SUBGRAPH_UNAVAILABLE']);
    expect(held).toHaveLength(1);
  });
});
