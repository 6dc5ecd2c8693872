import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startGateway } from '../../../gateway/index.ts';
import { RawClient } from '../support/raw-client.ts';
import { Signal } from '../support/signal.ts';
import { startWorld, type World, type WorldOptions } from '../support/world.ts';

let world: World;
let stopped: boolean;
let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'usage-'));
  file = join(directory, 'usage.jsonl');
});
afterEach(async () => {
  if (!stopped) await world.stop();
  rmSync(directory, { recursive: true, force: true });
});

const start = async (options: WorldOptions = {}): Promise<void> => {
  stopped = false;
  world = await startWorld({ usage: { file }, ...options });
};

const stop = async (): Promise<void> => {
  stopped = true;
  await world.stop();
};

const post = (body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(world.gateway.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

interface Line {
  readonly name: string;
  readonly hash: string;
}
const written = (): Line[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
const byName = (name: string): Line | undefined => written().find((line) => line.name === name);

const web = { 'apollographql-client-name': 'web', 'apollographql-client-version': '1.0' };

describe('usage of stock clients', () => {
  test('fetch and graphql-ws: lines by operation and client, written at the stop, without what they sent', async () => {
    await start();
    const query = 'query Name($id: ID!) { item(id: $id) { name } }';
    const headers = { ...web, authorization: 'Bearer sesame', cookie: 'sesame' };
    for (const id of ['sesame-1', 'sesame-2'])
      expect((await post({ query, variables: { id } }, headers)).status).toBe(200);
    await post({ query: 'query Failing { item(id: "sesame") { name } logged }' }, headers);
    await post({ query: 'query Refused { nothing }' }, headers);
    const client = world.client({
      connectionParams: { clientName: 'board', clientVersion: '2', token: 'sesame' },
    });
    const done = new Signal();
    client.subscribe(
      { query, variables: { id: 'sesame' } },
      { next: () => undefined, error: () => done.fire(), complete: () => done.fire() },
    );
    await done.after(0);
    const live = world.subscribe('subscription Live { events(topic: "sesame") { id item { name } } }', {
      client,
    });
    await world.events.changed.until(() => world.events.received.length > 0);
    live.stop();
    await stop();
    const lines = written();
    expect(lines).toHaveLength(4);
    const name = {
      type: 'operation',
      kind: 'query',
      name: 'Name',
      fields: ['Item.name', 'Query.item'],
      errors: 0,
    };
    expect(lines).toEqual([
      expect.objectContaining({ ...name, v: 1, client: { name: 'web', version: '1.0' }, count: 2 }),
      expect.objectContaining({ name: 'Failing', count: 1 }),
      expect.objectContaining({ ...name, client: { name: 'board', version: '2' }, count: 1 }),
      expect.objectContaining({
        kind: 'subscription',
        name: 'Live',
        fields: ['Event.id', 'Event.item', 'Item.name', 'Subscription.events'],
        client: { name: 'board', version: '2' },
        count: 1,
        errors: 0,
      }),
    ]);
    expect(lines[2]?.hash).toBe(lines[0]?.hash);
    expect(readFileSync(file, 'utf8')).not.toContain('sesame');
  });

  test('EventSource and multipart: subscriptions count once, queries of such clients too', async () => {
    await start();
    const query = 'subscription Live { events { id } }';
    const headers = { ...web, 'x-request-id': 'mine' };
    const leave = new AbortController();
    for (const accept of ['text/event-stream', 'multipart/mixed;subscriptionSpec="1.0", application/json']) {
      const stream = await fetch(world.gateway.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept, ...headers },
        body: JSON.stringify({ query }),
        signal: leave.signal,
      });
      expect([stream.status, stream.headers.get('x-request-id')]).toEqual([200, 'mine']);
      const single = { query: 'query One { item(id: 1) { name } }' };
      await (await post(single, { accept, ...headers })).text();
    }
    leave.abort();
    await stop();
    const client = { name: 'web', version: '1.0' };
    expect(byName('Live')).toMatchObject({ client, count: 2, errors: 0 });
    expect(byName('One')).toMatchObject({ client, count: 2, errors: 0 });
    expect(world.items.requestIds).toEqual(['mine', 'mine']);
  });

  test('answers with errors are counted, over both transports', async () => {
    await start();
    await world.items.stop();
    const query = 'query Down { item(id: 1) { name } }';
    await post({ query });
    const client = world.client();
    const done = new Signal();
    client.subscribe(
      { query },
      { next: () => undefined, error: () => done.fire(), complete: () => done.fire() },
    );
    await done.after(0);
    await world.items.start();
    await stop();
    expect(byName('Down')).toMatchObject({ client: { name: null, version: null }, count: 2, errors: 2 });
  });

  test('is written while the gateway runs', async () => {
    await start({ limits: { usageMs: 10 } });
    await post({ query: 'query Soon { item(id: 1) { name } }' });
    const ticks = new Signal();
    const timer = setInterval(() => ticks.fire(), 5);
    await ticks.until(() => byName('Soon') !== undefined);
    clearInterval(timer);
  });

  test('a file that cannot be written ends the start, with the cure', async () => {
    await start();
    const { supergraphSdl } = world;
    const second = startGateway({
      supergraphSdl,
      port: 0,
      log: pino({ level: 'silent' }),
      usage: { file: '/dev/null/usage.jsonl' },
    });
    await expect(second).rejects.toThrow(
      /^gateway.usage.file, \/dev\/null\/usage.jsonl, cannot be written: .*Name a file/,
    );
  });
});

describe('request ids', () => {
  const lines: { requestId?: string; errorId?: string; msg: string }[] = [];
  const log = pino({}, { write: (line) => void lines.push(JSON.parse(line)) });
  beforeEach(() => {
    lines.length = 0;
  });

  test('are answered, reach the subgraphs and stand on log lines', async () => {
    await start({ log });
    const query = '{ item(id: 1) { name } }';
    const answer = await post({ query }, { 'x-request-id': 'mine-1', origin: 'http://localhost:3000' });
    expect(answer.headers.get('x-request-id')).toBe('mine-1');
    expect(answer.headers.get('access-control-expose-headers')).toBe('x-request-id');
    const made = (await post({ query }, { 'x-request-id': 'not acceptable' })).headers.get('x-request-id');
    expect(made).toMatch(/^[\da-f-]{36}$/);
    expect(world.items.requestIds).toEqual(['mine-1', made]);
    await world.items.stop();
    await post({ query }, { 'x-request-id': 'mine-2' });
    expect(lines.find(({ msg }) => msg === 'the subgraph does not answer')).toMatchObject({
      requestId: 'mine-2',
    });
    await world.items.start();
  });

  test('of what is refused before it is read are answered too', async () => {
    await start();
    const refused = await post({}, { origin: 'https://evil.example', 'x-request-id': 'mine' });
    expect([refused.status, refused.headers.get('x-request-id')]).toEqual([403, 'mine']);
    const malformed = await fetch(world.gateway.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-request-id': 'mine' },
      body: '{',
    });
    expect([malformed.status, malformed.headers.get('x-request-id')]).toEqual([400, 'mine']);
  });

  test('are joined with the ids of masked errors, over HTTP and on a websocket', async () => {
    await start({ log });
    Object.assign(world.gateway.generation, { execute: () => Promise.reject(new Error('the inside')) });
    const query = '{ item(id: 1) { name } }';
    const told = [await (await post({ query }, { 'x-request-id': 'by-http' })).text()];
    const client = await new RawClient(world.websocketUrl, {
      headers: { 'x-request-id': 'by-socket' },
    }).initialised();
    client.send({ id: '1', type: 'subscribe', payload: { query } });
    await client.message(({ type }) => type === 'error');
    told.push(JSON.stringify(client.messages));
    client.websocket.close();
    expect(told.join()).not.toContain('inside');
    const errors = lines.filter(({ errorId }) => errorId !== undefined);
    expect(errors.map(({ requestId }) => requestId)).toEqual(['by-http', 'by-socket']);
    for (const [index, { errorId }] of errors.entries()) expect(told[index]).toContain(String(errorId));
  });

  test('a websocket has the one of its upgrade, and the answer to it says which', async () => {
    await start();
    const client = new RawClient(world.websocketUrl);
    const answered = Promise.withResolvers<string | undefined>();
    client.websocket.on('upgrade', ({ headers }) => answered.resolve(String(headers['x-request-id'])));
    await client.open();
    client.send({ type: 'connection_init' });
    client.send({ id: '1', type: 'subscribe', payload: { query: '{ item(id: 1) { name } }' } });
    await client.message(({ type }) => type === 'complete');
    expect(world.items.requestIds).toEqual([await answered.promise]);
    client.websocket.close();
  });
});
