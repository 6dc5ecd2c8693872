import { afterEach, describe, expect, test } from 'vitest';
import { RawClient } from '../support/raw-client.ts';
import { eventually } from '../support/signal.ts';
import { startWorld, type World } from '../support/world.ts';

const live = 'subscription Live { events { id padding } }';

let world: World;
afterEach(() => world.stop());

const raw = (options?: ConstructorParameters<typeof RawClient>[1]): RawClient =>
  new RawClient(world.websocketUrl, options);

describe('graphql-transport-ws', () => {
  test('queries and their errors go over the socket too', async () => {
    world = await startWorld();
    const client = await raw().initialised();
    client.send({ type: 'subscribe', id: '1', payload: { query: '{ item(id: 7) { name } __typename }' } });
    expect(await client.message(({ type }) => type === 'next')).toEqual({
      id: '1',
      type: 'next',
      payload: { data: { item: { name: 'item 7' }, __typename: 'Query' } },
    });
    await client.message(({ type, id }) => type === 'complete' && id === '1');
    client.send({ type: 'subscribe', id: '1', payload: { query: '{ item { nme } }' } });
    const { payload } = await client.message(({ type }) => type === 'error');
    expect(payload).toMatchObject([
      { message: expect.stringContaining('nme'), extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } },
      { extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } },
    ]);
  });

  test.each([
    ['syntax', { query: 'subscription {' }, 'GRAPHQL_PARSE_FAILED'],
    ['an unknown operation', { query: '{ __typename }', operationName: 'No' }, 'BAD_REQUEST'],
    ['no single operation', { query: 'query A { __typename } query B { __typename }' }, 'BAD_REQUEST'],
    [
      'a missing variable',
      { query: 'subscription($t: String!) { events(topic: $t) { id } }' },
      'BAD_USER_INPUT',
    ],
    ['a wrong after', { query: '{ __typename }', extensions: { tributary: { after: 7 } } }, 'BAD_REQUEST'],
    ['a cursor that is no text', { query: live, extensions: { tributary: { cursor: 7 } } }, 'CURSOR_INVALID'],
    ['a depth that no parser takes', { query: `{ a ${'{t'.repeat(4990)}` }, 'GRAPHQL_PARSE_FAILED'],
    ['too many fields', { query: `{ ${'__typename '.repeat(3000)} }` }, 'GRAPHQL_VALIDATION_FAILED'],
    ['too many tokens', { query: `{ ${'a: __typename '.repeat(4000)} }` }, 'GRAPHQL_PARSE_FAILED'],
  ])('%s is an error of the operation, not of the socket', async (_name, payload, code) => {
    world = await startWorld();
    const client = await raw().initialised();
    client.send({ type: 'subscribe', id: 'a', payload });
    const answer = await client.message(
      ({ id, type }) => id === 'a' && (type === 'error' || type === 'next'),
    );
    const errors = Array.isArray(answer.payload)
      ? answer.payload
      : (answer.payload as { errors: unknown[] }).errors;
    expect(errors[0]).toMatchObject({ extensions: { code } });
    expect(client.closed).toBeNull();
  });

  test.each<[string, string | Buffer, string]>([
    ['no JSON', 'hello', 'The message is not a JSON object'],
    ['a list', '[]', 'The message is not a JSON object'],
    ['an unknown type', '{"type":"start","id":"1"}', 'The message has an unknown type'],
    [
      'no id',
      '{"type":"subscribe","payload":{"query":"{ a }"}}',
      'subscribe needs an id, a string of 1 to 256 characters',
    ],
    ['no payload', '{"type":"subscribe","id":"1"}', 'subscribe needs a payload'],
    ['no query', '{"type":"subscribe","id":"1","payload":{}}', 'subscribe needs payload.query, a string'],
    [
      'wrong variables',
      '{"type":"subscribe","id":"1","payload":{"query":"","variables":[]}}',
      'payload.variables is no object',
    ],
    ['a binary message', Buffer.from([1, 2, 3]), 'The message is binary'],
  ])('garbage closes with 4400: %s', async (_name, message, reason) => {
    world = await startWorld();
    const client = await raw().initialised();
    client.send(message);
    expect(await client.close()).toEqual({ code: 4400, reason });
  });

  test('frames that are no websocket frames end the socket and nothing else', async () => {
    world = await startWorld();
    const healthy = world.subscribe(live);
    const client = await raw().initialised();
    client.socket.write(Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff]));
    expect((await client.close()).code).toBe(1002);
    await eventually(() => world.events.live === 1);
    world.events.produce();
    await healthy.events(1);
  });

  test('the protocol has a close code for each wrong order', async () => {
    world = await startWorld({ limits: { connectionInitMs: 200 } });
    const early = await raw().open();
    early.send({ type: 'subscribe', id: '1', payload: { query: live } });
    expect(await early.close()).toEqual({ code: 4401, reason: 'Unauthorized' });
    const twice = await raw().initialised();
    twice.send({ type: 'connection_init' });
    expect(await twice.close()).toEqual({ code: 4429, reason: 'Too many initialisation requests' });
    const same = await raw().initialised();
    same.send({ type: 'subscribe', id: '1', payload: { query: live } });
    same.send({ type: 'subscribe', id: '1', payload: { query: live } });
    expect(await same.close()).toEqual({ code: 4409, reason: 'Subscriber for 1 already exists' });
    const silent = await raw().open();
    expect(await silent.close()).toEqual({ code: 4408, reason: 'Connection initialisation timeout' });
    const other = await raw({ protocol: 'graphql-ws' }).close();
    expect(other.code).toBe(1006);
    await eventually(() => world.gateway.counters.subscribers === 0);
  });

  test('a ping is answered with its payload', async () => {
    world = await startWorld();
    const client = await raw().initialised();
    client.send({ type: 'ping', payload: { a: 1 } });
    expect(await client.message(({ type }) => type === 'pong')).toEqual({ type: 'pong', payload: { a: 1 } });
  });

  test('an id is free again when its operation ended, and complete ends it without an answer', async () => {
    world = await startWorld();
    const client = await raw().initialised();
    for (let round = 1; round <= 3; round += 1) {
      client.send({ type: 'subscribe', id: '1', payload: { query: live } });
      await eventually(() => world.events.live === 1);
      client.send({ type: 'complete', id: '1' });
      await eventually(() => world.gateway.counters.subscribers === 0);
    }
    expect(client.messages.map(({ type }) => type).filter((type) => type !== 'ping')).toEqual([
      'connection_ack',
    ]);
  });

  test('the bound of operations of a socket refuses one more', async () => {
    world = await startWorld({ limits: { operationsPerSocket: 2 } });
    const client = await raw().initialised();
    for (const id of ['1', '2', '3']) client.send({ type: 'subscribe', id, payload: { query: live } });
    expect(await client.message(({ type }) => type === 'error')).toMatchObject({
      id: '3',
      payload: [{ extensions: { code: 'TOO_MANY_OPERATIONS', retryable: true } }],
    });
    client.send({ type: 'complete', id: '1' });
    client.send({ type: 'subscribe', id: '4', payload: { query: '{ __typename }' } });
    await client.message(({ type, id }) => type === 'complete' && id === '4');
  });

  test('the bound of sockets refuses one more by 503, until one leaves', async () => {
    world = await startWorld({ limits: { sockets: 1 } });
    const first = await raw().initialised();
    const refused = raw();
    const status = await new Promise((resolve) => {
      refused.websocket.on('unexpected-response', (_request, response) => resolve(response.statusCode));
    });
    expect(status).toBe(503);
    refused.websocket.terminate();
    first.websocket.close();
    await first.close();
    await raw().initialised();
  });

  test('the bound of a message closes with 1009', async () => {
    world = await startWorld();
    const client = await raw().initialised();
    client.send({ type: 'subscribe', id: '1', payload: { query: ' '.repeat(70_000) } });
    expect((await client.close()).code).toBe(1009);
  });

  test('large events and many small ones arrive whole', async () => {
    world = await startWorld();
    const subscription = world.subscribe(live);
    await eventually(() => world.events.live === 1);
    const sizes = [0, 10, 60, 120, 65_000, 66_000, 300_000, 1_000_000, 5];
    for (const size of sizes) world.events.produce(0, { padding: 'ä'.repeat(size) });
    const received = await subscription.events(sizes.length);
    expect(received.map(({ data }) => data?.events?.padding?.length)).toEqual(sizes);
  });

  test('a client that does not answer the heartbeat is terminated', async () => {
    world = await startWorld({ limits: { heartbeatMs: 50 } });
    const deaf = await raw().initialised();
    deaf.send({ type: 'subscribe', id: '1', payload: { query: live } });
    await eventually(() => world.gateway.counters.subscribers === 1);
    deaf.socket.pause();
    await eventually(() => world.gateway.counters.subscribers === 0);
    deaf.websocket.terminate();
  });
});

describe('a client that stops reading', () => {
  test('S20 S21 delays nobody, and is closed with 1013 when it falls off the ring', async () => {
    world = await startWorld({ limits: { ringBytes: 512 * 1024 } });
    const slow = await raw().initialised();
    slow.send({ type: 'subscribe', id: '1', payload: { query: live } });
    const healthy = world.subscribe(live);
    await eventually(() => world.gateway.counters.subscribers === 2 && world.events.live === 1);
    slow.socket.pause();
    const padding = 'x'.repeat(50_000);
    let produced = 0;
    while (world.gateway.counters.slowClients === 0) {
      for (let index = 0; index < 5; index += 1) world.events.produce(0, { padding });
      produced += 5;
      await healthy.events(produced);
    }
    expect(healthy.ids).toHaveLength(produced);
    expect(world.gateway.counters.subscribers).toBe(1);
    expect(world.gateway.counters.ringBytes).toBeLessThanOrEqual(512 * 1024);
    // What it reads on, it reads up to the close frame or the end of the destroyed socket.
    slow.socket.resume();
    expect([1013, 1006]).toContain((await slow.close()).code);
  });

  test('S20 a client that only sends is closed when its answers pile up', async () => {
    world = await startWorld({ limits: { unsentBytes: 64 * 1024, heartbeatMs: 600_000 } });
    const client = await raw().initialised();
    client.socket.pause();
    let closed = false;
    client.socket.on('close', () => {
      closed = true;
    });
    const payload = { text: 'x'.repeat(30_000) };
    const flood = setInterval(
      () => client.websocket.readyState === 1 && client.send({ type: 'ping', payload }),
      1,
    );
    await eventually(
      () => closed || client.websocket.bufferedAmount > 20_000_000 || client.websocket.readyState > 1,
    );
    clearInterval(flood);
    expect(client.websocket.bufferedAmount).toBeLessThan(20_000_000);
    client.websocket.terminate();
  });

  test('S13 a catch-up is read no faster than its client takes it', async () => {
    world = await startWorld({ limits: { catchUpBytes: 256 * 1024, catchUpStallMs: 500 } });
    const padding = 'x'.repeat(50_000);
    for (let index = 0; index < 1000; index += 1) world.events.produce(0, { padding });
    const client = await raw().initialised();
    const cursor = world.events.cursorAt([0, 0]);
    client.socket.pause();
    client.send({
      type: 'subscribe',
      id: '1',
      payload: { query: live, extensions: { tributary: { cursor } } },
    });
    // It never takes anything: it is slow, and its catch-up ends far before the end of the log.
    await eventually(() => world.gateway.counters.slowClients === 1);
    expect(world.gateway.counters.catchUps).toBe(0);
    expect(world.gateway.counters.deliveries).toBeLessThan(500);
    client.websocket.terminate();
  });
});

describe('the end of a gateway', () => {
  test('S21 drain closes websockets with 1012, and takes no more', async () => {
    world = await startWorld();
    const client = await raw().initialised();
    client.send({ type: 'subscribe', id: '1', payload: { query: live } });
    await eventually(() => world.gateway.counters.subscribers === 1);
    await world.gateway.stop();
    expect(await client.close()).toMatchObject({ code: 1012, reason: expect.stringContaining('DRAINING') });
    expect((await raw().close()).code).toBe(1006);
    await eventually(() => world.events.connections === 0);
    expect(world.gateway.counters).toMatchObject({ operations: 0, subscribers: 0, upstreams: 0 });
  });
});
