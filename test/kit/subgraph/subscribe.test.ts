import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { SubgraphContext } from '../../../subgraphs/kit/index.ts';
import { produce, uniqueTopic } from '../../support/kafka.ts';
import { follow, post, runSubgraph, tributaryOf } from './running.ts';

const sdl = (topic: string) => `
type Gate @key(fields: "id") @topic(name: "${topic}", key: "id", cleanup: COMPACT, partitions: 1) {
  id: ID!
  terminal: String!
}
type GateChange @change(of: "Gate") { kind: ChangeKind! key: ID gate: Gate }
type Query { gate(id: ID!): Gate @view  broken: String }
type Subscription {
  gateChanges(terminal: String, from: Cursor): GateChange! @consume(snapshot: true)
  ticks: String
}
type Mutation { addGate(id: ID!, terminal: String!): Gate! @produce }`;

const secret = 'a secret of the resolver';

type Ticks = (parent: unknown, args: unknown, context: SubgraphContext) => AsyncIterable<unknown>;

const start = async (ticks: Ticks = async function* () {}) => {
  const topic = uniqueTopic('gates');
  const broken = () => {
    throw new Error(secret);
  };
  const resolvers = { Query: { broken }, Subscription: { ticks } };
  return { topic, ...(await runSubgraph({ sdl: sdl(topic), resolvers })) };
};

const collected = (client: ReturnType<typeof follow>['client'], payload: { query: string }) => {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  client.subscribe(payload, { next: resolve, error: resolve, complete: () => resolve('COMPLETE') });
  return promise;
};

describe('the root field', () => {
  test('may stand in fragments, and has its arguments and its snapshot all the same', async () => {
    const { url } = await start();
    const query = `subscription($t: String = "A") { ...Changes }
      fragment Changes on Subscription { ... { changes: gateChanges(terminal: $t) { kind } } }`;
    const results = await follow(url, query).until(2);
    expect(results.map(({ data }) => data)).toEqual([
      { changes: { kind: 'RESET' } },
      { changes: { kind: 'UP_TO_DATE' } },
    ]);
  });

  test.each(['@skip(if: true)', '@include(if: false)'])('left out by %s is refused', async (directive) => {
    const { url } = await start();
    const errors = await follow(url, `subscription { gateChanges ${directive} { kind } }`).done.catch(
      (error: unknown) => error,
    );
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
  });
});

describe('a mistake in one operation', () => {
  test.each([
    [
      'extensions that are none',
      { query: 'subscription { gateChanges { kind } }', extensions: { tributary: 7 } },
      'BAD_REQUEST',
    ],
    [
      'a cursor that is none',
      { query: 'subscription { gateChanges(from: "x") { kind } }' },
      'CURSOR_INVALID',
    ],
    ['a syntax error', { query: 'subscription {' }, 'BAD_REQUEST'],
    ['an unknown field', { query: 'subscription { nothing }' }, 'BAD_REQUEST'],
    ['two root fields', { query: 'subscription { a: ticks b: ticks }' }, 'BAD_REQUEST'],
    [
      'a variable that does not fit',
      { query: 'subscription($t: String) { gateChanges(terminal: $t) { kind } }', variables: { t: 7 } },
      'BAD_USER_INPUT',
    ],
  ])('%s is told to it alone, with a code', async (_name, payload, code) => {
    const { url, topic } = await start();
    const live = follow(url, 'subscription { gateChanges { kind key } }');
    await live.until(2);
    expect(await collected(live.client, payload)).toMatchObject([{ extensions: { code } }]);
    await produce(topic, [{ key: 'a', value: '{"id":"a","terminal":"A"}' }]);
    await live.until(3);
  });
});

describe("what the author's resolvers throw stays in the log", () => {
  test('of a query over a websocket', async () => {
    const { url } = await start();
    const { client } = follow(url, 'subscription { gateChanges { kind } }');
    const result = await collected(client, { query: '{ broken }' });
    expect(result).toMatchObject({ data: { broken: null }, errors: [{ extensions: { code: 'INTERNAL' } }] });
    expect(JSON.stringify(result)).not.toContain(secret);
  });

  test("of an event of the author's own subscription", async () => {
    const { url } = await start(async function* () {
      yield new Error(secret);
    });
    const ticks = follow(url, 'subscription { ticks }');
    const [result] = await ticks.until(1);
    expect(result?.errors?.[0]?.extensions).toEqual({ code: 'INTERNAL' });
    expect(JSON.stringify(result)).not.toContain(secret);
    await ticks.done;
  });
});

test("the author's own subscription reads rows anew each time", async () => {
  const go = Promise.withResolvers<void>();
  const { url } = await start(async function* (_parent, _args, context) {
    const terminal = async () => (await context.rows('Gate').get('a'))?.terminal;
    yield `before ${await terminal()}`;
    await go.promise;
    yield `after ${await terminal()}`;
  });
  const add = async (terminal: string) => {
    const added = await post(url, `mutation { addGate(id: "a", terminal: "${terminal}") { id } }`);
    const { position: after } = tributaryOf(added);
    await post(url, '{ gate(id: "a") { id } }', {}, { tributary: { after } });
  };
  await add('A');
  const ticks = follow(url, 'subscription { ticks }');
  await ticks.until(1);
  await add('B');
  go.resolve();
  const results = await ticks.until(2);
  expect(results.map(({ data }) => data)).toEqual([{ ticks: 'before A' }, { ticks: 'after B' }]);
});

describe('upgrades that are none', () => {
  const upgrade = (port: number, lines: readonly string[]) => {
    const socket = connect(port, '127.0.0.1');
    const head = [
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    ];
    socket.write(`${[...lines, ...head].join('\r\n')}\r\n\r\n`);
    return socket;
  };

  test('a path that is no URL is answered, and the process goes on', async () => {
    const { port, url } = await start();
    const socket = upgrade(port, ['GET // HTTP/1.1', 'Host: localhost']);
    const { promise, resolve } = Promise.withResolvers<string>();
    socket.once('data', (data) => resolve(String(data)));
    expect(await promise).toContain('404');
    expect((await post(url, '{ __typename }')).data).toEqual({ __typename: 'Query' });
  });

  test('a refused client that is gone already does not end the process', async () => {
    const { port, url } = await start();
    for (let n = 0; n < 20; n++) {
      const socket = upgrade(port, [
        'GET /graphql HTTP/1.1',
        'Host: localhost',
        'Origin: http://evil.example',
      ]);
      await new Promise((resolve) => socket.once('connect', resolve));
      socket.resetAndDestroy();
    }
    expect((await post(url, '{ __typename }')).data).toEqual({ __typename: 'Query' });
  });
});

test('S21 a stop does not wait for a client that does not read', async () => {
  const { url, topic, stop } = await start();
  for (let n = 0; n < 400; n += 20) {
    const records = Array.from({ length: 20 }, (_, i) => ({
      key: `g${n + i}`,
      value: JSON.stringify({ id: `g${n + i}`, terminal: 'x'.repeat(20_000) }),
    }));
    await produce(topic, records);
  }
  const probe = follow(url, 'subscription { gateChanges { key gate { terminal } } }');
  await probe.until(402);
  const { port } = new URL(url);
  const { WebSocket } = await import('ws');
  const socket = new WebSocket(`ws://127.0.0.1:${port}/graphql`, 'graphql-transport-ws');
  await new Promise((resolve) => socket.once('open', resolve));
  socket.on('error', () => undefined);
  socket.send('{"type":"connection_init"}');
  await new Promise((resolve) => socket.once('message', resolve));
  socket.send(
    JSON.stringify({
      type: 'subscribe',
      id: '1',
      payload: { query: 'subscription { gateChanges { key gate { terminal } } }' },
    }),
  );
  await new Promise((resolve) => socket.once('message', resolve));
  socket.pause();
  const began = performance.now();
  await stop();
  expect(performance.now() - began).toBeLessThan(4_000);
  socket.terminate();
});
