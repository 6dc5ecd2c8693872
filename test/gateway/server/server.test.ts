import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { pino } from 'pino';
import { afterEach, describe, expect, test } from 'vitest';
import { startGateway } from '../../../gateway/index.ts';
import { RawClient } from '../support/raw-client.ts';
import { startWorld, type World } from '../support/world.ts';

let world: World;
afterEach(() => world?.stop());

const post = async (body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(world.gateway.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

/** With a Host header of one's own, which fetch does not allow. */
const get = (path: string, headers: Record<string, string>): Promise<number> =>
  new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port: world.gateway.port, path, headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on('error', reject);
    sent.end();
  });

describe('the gateway over HTTP', () => {
  test('answers queries by stock fetch, and introspection', async () => {
    world = await startWorld();
    const answer = await post({
      query: 'query Q($id: ID!) { item(id: $id) { id name } }',
      variables: { id: 'x' },
    });
    expect(await answer.json()).toEqual({ data: { item: { id: 'x', name: 'item x' } } });
    const schema = await post({ query: '{ __schema { subscriptionType { name } } }' });
    expect(await schema.json()).toEqual({
      data: { __schema: { subscriptionType: { name: 'Subscription' } } },
    });
  });

  test('S24 extensions of the request reach the subgraph', async () => {
    world = await startWorld();
    const extensions = { tributary: { after: { topic: [[0, 7]] } } };
    await post({ query: '{ item(id: 1) { name } }', extensions });
    expect(world.items.queries.at(-1)).toEqual(extensions);
  });

  test('a subgraph that is down fails its own fields with a typed error', async () => {
    world = await startWorld();
    await world.events.kill();
    const answer = await (await post({ query: '{ logged item(id: 1) { name } }' })).json();
    expect(answer).toMatchObject({ errors: [{ extensions: { code: 'SUBGRAPH_UNAVAILABLE' } }] });
    const other = await (await post({ query: '{ item(id: 1) { name } }' })).json();
    expect(other).toEqual({ data: { item: { name: 'item 1' } } });
    const ready = await fetch(new URL('/health/ready', world.gateway.url));
    expect(await ready.json()).toMatchObject({ status: 'ready', subgraphs: { events: 'DOWN', items: 'UP' } });
  });

  test.each([
    [1_000_000, 1],
    [1000, 0],
  ])(
    'operations are answered, and kept compiled up to the limit: %i bytes, %i kept',
    async (compiledBytes, count) => {
      world = await startWorld({ limits: { compiledBytes } });
      const answer = await (await post({ query: '{ item(id: 1) { name } }' })).json();
      expect(answer).toEqual({ data: { item: { name: 'item 1' } } });
      const ready = await fetch(new URL('/health/ready', world.gateway.url));
      expect(await ready.json()).toMatchObject({ compiled: { count } });
    },
  );

  test('causes that clients are not told are in the log, once for an outage', async () => {
    const lines: { msg: string; subgraph?: string; err?: { cause?: unknown; message: string } }[] = [];
    world = await startWorld({ log: pino({}, { write: (line) => void lines.push(JSON.parse(line)) }) });
    await world.items.stop();
    const ask = async (): Promise<unknown> => (await post({ query: '{ item(id: 1) { name } }' })).json();
    const told = JSON.stringify([await ask(), await ask()]);
    expect(told).not.toContain('ECONNREFUSED');
    const causes = lines.filter(({ msg }) => msg === 'the subgraph does not answer');
    expect(causes).toMatchObject([{ subgraph: 'items' }]);
    expect(JSON.stringify(causes)).toContain('ECONNREFUSED');
    await world.items.start();
  });

  test('bad requests are typed errors', async () => {
    world = await startWorld({ limits: { bodyBytes: 1000 } });
    const malformed = await post('{"query":');
    expect([malformed.status, await malformed.json()]).toMatchObject([
      400,
      { errors: [{ extensions: { code: 'BAD_REQUEST' } }] },
    ]);
    const large = await post({ query: `{ ${' '.repeat(2000)} }` });
    expect([large.status, await large.json()]).toMatchObject([
      413,
      { errors: [{ extensions: { code: 'BAD_REQUEST' } }] },
    ]);
    const nowhere = await fetch(new URL('/elsewhere', world.gateway.url));
    expect([nowhere.status, await nowhere.json()]).toMatchObject([
      404,
      { errors: [{ extensions: { code: 'NOT_FOUND' } }] },
    ]);
    const stream = await post({ query: 'subscription { events { id } }' });
    expect(await stream.json()).toMatchObject({
      errors: [{ message: expect.stringContaining('ubscription') }],
    });
  });

  test('batches and operations beyond the bounds of a document are refused', async () => {
    world = await startWorld();
    expect((await post([{ query: '{ __typename }' }])).status).toBe(400);
    const aliases = Array.from({ length: 101 }, (_, index) => `a${index}: item(id: 1) { name }`);
    const bomb = await post({ query: `{ ${aliases.join(' ')} }` });
    expect([bomb.status, await bomb.json()]).toMatchObject([
      400,
      { errors: [{ message: expect.stringContaining('documentAliases') }] },
    ]);
    expect(world.items.queries).toEqual([]);
    const nested = await post({ query: `{ a ${'{t'.repeat(4990)}` });
    expect([nested.status, await nested.json()]).toMatchObject([
      400,
      { errors: [{ extensions: { code: 'GRAPHQL_PARSE_FAILED' } }] },
    ]);
  });

  test('a request that does not come to its end is answered with 408', async () => {
    world = await startWorld({ limits: { requestMs: 200 } });
    const socket = connect(world.gateway.port, '127.0.0.1');
    socket.write(
      'POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{',
    );
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toMatch(/^HTTP\/1.1 408 /);
    socket.destroy();
  });

  test('the page, health and no landing page', async () => {
    world = await startWorld({
      pages: new Map([
        ['/', { type: 'text/html; charset=utf-8', body: '<!doctype html><title>Tributary</title>' }],
      ]),
    });
    const page = await fetch(new URL('/', world.gateway.url), { headers: { accept: 'text/html' } });
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(await page.text()).toContain('Tributary');
    expect(await (await fetch(new URL('/health/live', world.gateway.url))).json()).toEqual({
      status: 'live',
    });
    const landing = await fetch(world.gateway.url, { headers: { accept: 'text/html' } });
    expect(await landing.text()).not.toContain('<html');
  });

  test('what a page holds is made when it is first asked for, once; browsers keep it by its tag', async () => {
    let made = 0;
    const answers = [() => Promise.reject(new Error('not yet')), () => Promise.resolve('made')];
    world = await startWorld({
      pages: new Map([
        ['/late', { type: 'text/plain', body: () => answers[Math.min(made++, answers.length - 1)]!() }],
      ]),
    });
    const ask = (headers = {}) => fetch(new URL('/late', world.gateway.url), { headers });
    expect(made).toBe(0);
    const failed = await ask();
    expect(failed.status).toBe(500);
    expect(await failed.text()).not.toContain('not yet');
    const [first, second] = await Promise.all([ask(), ask()]);
    expect([await first.text(), await second.text(), made]).toEqual(['made', 'made', 2]);
    const tag = first.headers.get('etag') ?? '';
    expect([(await ask({ 'if-none-match': tag })).status, made]).toEqual([304, 2]);
  });

  test('S29 a page of another origin gets 403 by HTTP and websocket, and so does a name that was rebound', async () => {
    world = await startWorld({ origins: ['https://board.example'] });
    const foreign = await post({ query: '{ __typename }' }, { origin: 'https://evil.example' });
    expect([foreign.status, await foreign.json()]).toMatchObject([
      403,
      { errors: [{ extensions: { code: 'FORBIDDEN_ORIGIN' } }] },
    ]);
    expect(foreign.headers.get('access-control-allow-origin')).toBeNull();
    const known = await post({ query: '{ __typename }' }, { origin: 'https://board.example' });
    expect([known.status, known.headers.get('access-control-allow-origin')]).toEqual([
      200,
      'https://board.example',
    ]);
    expect(await get('/', { host: 'rebound.example' })).toBe(403);
    expect(await get('/health/live', { host: '10.0.0.7:4000' })).toBe(200);
    const socket = new RawClient(world.websocketUrl, { headers: { origin: 'https://evil.example' } });
    const refused = new Promise<number>((resolve) => {
      socket.websocket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
    });
    expect(await refused).toBe(403);
    socket.websocket.terminate();
  });

  test('a page of an allowed origin passes its preflight', async () => {
    world = await startWorld();
    const answer = await fetch(world.gateway.url, {
      method: 'OPTIONS',
      headers: {
        origin: 'http://localhost:5173',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      },
    });
    expect(answer.status).toBe(204);
    expect(answer.headers.get('access-control-allow-origin')).toBe('http://localhost:5173');
    expect(answer.headers.get('access-control-allow-headers')).toBe('content-type');
  });

  test('a port in use has one clear message, and leaves nothing running', async () => {
    world = await startWorld();
    const { port } = world.gateway;
    const second = startGateway({
      port,
      supergraphSdl: world.supergraphSdl,
      log: pino({ level: 'silent' }),
    });
    await expect(second).rejects.toMatchObject({
      code: 'EADDRINUSE',
      message: `Port ${port} of 127.0.0.1 is in use. End what listens there, or choose another with gateway.port.`,
    });
  });

  test.each([
    [{ ringBytes: 0 }, 'gateway.limits.ringBytes is 0; it must be a whole number above 0.'],
    [{ ringBites: 5 }, 'gateway.limits.ringBites is not a limit; see gateway/limits.ts.'],
  ])('a limit that cannot be is named: %o', async (limits: object, message) => {
    await expect(startWorld({ limits })).rejects.toThrow(message);
  });
});
