import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { ApolloServer } from '@apollo/server';
import { GraphQLError } from 'graphql';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { UsageSink } from '../../../gateway/index.ts';
import { TributaryError } from '../../../schema/errors.ts';
import { type RawAnswer, type RawRequest, rawAnswer } from '../support/raw-answer.ts';
import { startWorld, type World } from '../support/world.ts';

/** Which requests went the long way. */
const apollo = vi.spyOn(ApolloServer.prototype, 'executeHTTPGraphQLRequest');

let world: World;
const usage: string[] = [];
const logged: string[] = [];
const sink: UsageSink = { name: 'test', write: async (lines) => void usage.push(...lines) };

beforeEach(async () => {
  usage.length = 0;
  logged.length = 0;
  world = await startWorld({
    usage: { sinks: [sink] },
    limits: { bodyBytes: 100_000 },
    log: pino({}, { write: (line) => void logged.push(line) }),
  });
  apollo.mockClear();
});
afterEach(() => world.stop());

const json = { 'content-type': 'application/json', 'x-request-id': 'request-0001' };
/** Means the same, and is sent by no stock client: the long way. */
const long = { ...json, 'content-type': 'application/json;charset=utf-8' };

const name = 'query Name($id: ID!) { item(id: $id) { id name } }';
const two = 'query A { item(id: 1) { name } } query B { item(id: 2) { name } }';
const post = (body: unknown, headers: RawRequest['headers'] = {}): RawRequest => ({
  body: typeof body === 'string' ? body : JSON.stringify(body),
  headers,
});
const after = (value: unknown) => ({ extensions: { tributary: { after: value } } });

const get = (parameters: Record<string, string>, headers: RawRequest['headers'] = {}): RawRequest => ({
  method: 'GET',
  path: `/graphql?${new URLSearchParams(parameters)}`,
  headers,
});
const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');
const persisted = (text: string, more: Record<string, unknown> = {}) => ({
  persistedQuery: { version: 1, sha256Hash: hashOf(text), ...more },
});

const plain: Record<string, RawRequest> = {
  'with variables': post({ query: name, variables: { id: 'x' } }),
  'with nulls': post({ query: '{ __typename }', variables: null, operationName: null, extensions: null }),
  'beyond ASCII': post({ query: name, variables: { id: 'Zürich 東京 \u2028 \ud83d\udeeb' } }),
  'by name': post({ query: two, operationName: 'B' }),
  'with the name of its one operation': post({ query: name, operationName: 'Name', variables: { id: 1 } }),
  'S24 after a position': post({ query: name, variables: { id: 1 }, ...after({ topic: [[0, 7]] }) }),
  'S24 after no position': post({ query: name, variables: { id: 1 }, ...after('yesterday') }),
  'S24 a mutation, which tells its position': post({
    query: 'mutation M { rename(id: 1, name: "new") { name } }',
  }),
  'variables that do not fit': post({ query: name, variables: { id: { a: 1 } } }),
  'variables that are missing': post({ query: name }),
  introspection: post({ query: '{ __schema { types { name fields { name } } } }' }),
  'of a page': post({ query: name, variables: { id: 1 } }, { origin: 'http://localhost:5173' }),
  'for graphql-response+json': post(
    { query: '{ __typename }' },
    { accept: 'application/graphql-response+json' },
  ),
  'refused for graphql-response+json': post(
    { query: name },
    { accept: 'application/graphql-response+json, application/json' },
  ),
  'of axios': post({ query: '{ __typename }' }, { accept: 'application/json, text/plain, */*' }),
  'of urql, which would take a stream': post(
    { query: '{ __typename }' },
    {
      accept:
        'application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed',
    },
  ),
  'by GET': get({ query: name, operationName: 'Name', variables: '{"id":"Zürich +%&"}', extensions: '{}' }),
  'by GET, with other parameters': get({ query: '{ __typename }', cache: 'no' }),
  'by GET, of a page': get({ query: '{ __typename }' }, { origin: 'http://localhost:5173' }),
  'by GET, with variables that do not fit': get({ query: name, variables: '{"id":{}}' }),
  'persisted, by POST': post({ variables: { id: 1 }, extensions: persisted(name) }),
  'persisted, by GET': get({ variables: '{"id":1}', extensions: JSON.stringify(persisted(name)) }),
  'persisted, after a position': post({
    query: null,
    variables: { id: 1 },
    extensions: { ...persisted(name), ...after({ topic: [[0, 7]] }).extensions },
  }),
  'of a client with a name': post({ query: '{ __typename }' }, { 'apollographql-client-name': 'web' }),
};

const other: Record<string, RawRequest> = {
  'no JSON': post('{"query":'),
  nothing: post(''),
  'an empty object': post({}),
  'a batch': post([{ query: '{ __typename }' }]),
  'a text': post('"{ __typename }"'),
  'an empty query': post({ query: '' }),
  'a query that is no text': post({ query: { kind: 'Document' } }),
  'variables that are text': post({ query: name, variables: '{"id":1}' }),
  'variables that are a list': post({ query: name, variables: [1] }),
  'an operationName that is no text': post({ query: name, operationName: 1 }),
  'an operationName that is empty': post({ query: '{ __typename }', operationName: '' }),
  'an operation that is not there': post({ query: two, operationName: 'C' }),
  'no operation of two': post({ query: two }),
  'extensions that are text': post({ query: name, extensions: 'x' }),
  'a persisted query with its text': post({ query: name, variables: { id: 1 }, extensions: persisted(name) }),
  'a persisted query with the text of another': post({
    query: '{ __typename }',
    extensions: persisted(name),
  }),
  'a persisted query with an empty text': post({ query: '', extensions: persisted(name) }),
  'a persisted query that is not known': post({ extensions: persisted('{ a: __typename }') }),
  'a persisted query of another version': post({ extensions: persisted(name, { version: 2 }) }),
  'a persisted query without a hash': post({ extensions: { persistedQuery: { version: 1 } } }),
  'a persisted query that is a text': post({ extensions: { persistedQuery: 'x' } }),
  'a mutation by GET': get({ query: 'mutation M { rename(id: 1, name: "new") { name } }' }),
  'a subscription by GET': get({ query: 'subscription { tick }' }),
  'a parameter twice': { method: 'GET', path: '/graphql?query={__typename}&query={__typename}' },
  'variables by GET that are no JSON': get({ query: name, variables: '{' }),
  'variables by GET that are a list': get({ query: name, variables: '[1]' }),
  'variables by GET with a key that is none': get({ query: name, variables: '{"__proto__":{"id":1}}' }),
  'an empty query by GET': get({ query: '' }),
  'no query by GET': get({ a: 'b' }),
  'nothing by GET': { method: 'GET', path: '/graphql' },
  'a stream that has come to its end': get(
    { query: '{ __typename }' },
    { accept: 'text/event-stream', 'last-event-id': 'end' },
  ),
  'a key that is none': post('{"query":"{ __typename }","__proto__":{"a":1}}'),
  'the same, escaped': post('{"query":"{ __typename }","\\u005f_proto__":{"a":1}}'),
  'a constructor': post('{"query":"{ __typename }","constructor":{"prototype":{"a":1}}}'),
  'a BOM': post('\ufeff{"query":"{ __typename }"}'),
  'no GraphQL': post({ query: '{' }),
  'an unknown field': post({ query: '{ nothing }' }),
  'a subscription': post({ query: 'subscription { tick }' }),
  'a body that is too large': post({ query: `{ __typename ${' '.repeat(100_000)} }` }),
  'an Accept that fits nothing': post({ query: '{ __typename }' }, { accept: 'image/png' }),
  'an Accept that is weighed': post(
    { query: '{ __typename }' },
    { accept: 'application/json;q=0.5, application/graphql-response+json' },
  ),
  'a foreign page': post({ query: '{ __typename }' }, { origin: 'https://evil.example' }),
  'an unknown host': post({ query: '{ __typename }' }, { host: 'rebound.example' }),
  'another path': { ...post({ query: '{ __typename }' }), path: '/graphql?query=%7B__typename%7D' },
  'a search': { ...post({ query: '{ nothing }' }), path: '/graphql?a' },
};

/** Each fault has another id. */
const withoutIds = (answer: RawAnswer): RawAnswer => ({
  ...answer,
  body: answer.body.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'an id'),
});

/** Is not for what stands before Node's HTTP, and means nothing to what is behind it. */
const byNode = { ...json, te: 'trailers' };

/** The same request by the long way, and without what sends it there: past Apollo Server, and past Node's HTTP too. */
const bothWays = async (request: RawRequest) => {
  const ask = (headers: RawRequest['headers']) =>
    rawAnswer(world.gateway.port, { ...request, headers: { ...headers, ...request.headers } });
  const byLong = await ask(long);
  const before = apollo.mock.calls.length;
  const byShort = await ask(json);
  expect(withoutIds(await ask(byNode))).toEqual(withoutIds(byShort));
  return { byLong, byShort, viaApollo: apollo.mock.calls.length - before };
};

describe('both ways answer the same, byte for byte', () => {
  test.each(Object.entries(plain))('a plain request: %s', async (_, request) => {
    // Persisted by variables that are refused, so that nothing runs.
    await rawAnswer(world.gateway.port, post({ query: name, extensions: persisted(name) }, long));
    const { byLong, byShort, viaApollo } = await bothWays(request);
    expect(byShort).toEqual(byLong);
    expect(viaApollo).toBe(0);
    expect(world.items.queries[1]).toEqual(world.items.queries[0]);
    expect(new Set(world.items.requestIds).size).toBeLessThan(2);
  });

  test.each(Object.entries(other))('another one, which goes the long way: %s', async (_, request) => {
    // Valid documents among them are known, so that the rest of the request is what sends it there.
    for (const query of ['{ __typename }', name, two, 'mutation M { rename(id: 1, name: "new") { name } }'])
      await rawAnswer(world.gateway.port, {
        headers: long,
        body: JSON.stringify({ query, operationName: 'A' }),
      });
    const { byLong, byShort } = await bothWays(request);
    expect(byShort).toEqual(byLong);
    expect(byShort.headers).toContain('request-0001');
  });

  test('an operationName that is empty names no operation, and nothing runs', async () => {
    const body = JSON.stringify({ query: '{ item(id: 1) { name } }', operationName: '' });
    const answer = await rawAnswer(world.gateway.port, { headers: json, body });
    expect(answer.status).toBe(400);
    expect(answer.body).toContain('The document has no operation');
    expect(world.items.queries).toEqual([]);
  });

  test('fetches that fail', async () => {
    await world.items.stop();
    const { byLong, byShort, viaApollo } = await bothWays(post({ query: name, variables: { id: 1 } }));
    expect(byShort).toEqual(byLong);
    expect(byShort.body).toContain('SUBGRAPH_UNAVAILABLE');
    expect(viaApollo).toBe(0);
    await world.items.start();
  });

  test('data with errors of every kind, and extensions', async () => {
    const { generation } = world.gateway;
    const { execute, executeToText } = generation;
    const result = {
      data: { item: null },
      errors: [
        new GraphQLError('typed', {
          path: ['item', 0],
          extensions: { code: 'NOT_FOUND', subgraph: 'items' },
        }),
        new GraphQLError('without a code'),
        new GraphQLError('typed inside', { originalError: new TributaryError('NOT_FOUND', 'inside') }),
      ],
      extensions: { tributary: { position: { topic: [[0, 41]] } } },
    };
    Object.assign(generation, { execute: async () => result, executeToText: async () => result });
    const { byLong, byShort, viaApollo } = await bothWays(post({ query: name, variables: { id: 1 } }));
    Object.assign(generation, { execute, executeToText });
    expect(byShort).toEqual(byLong);
    expect(byShort.body).toContain('without a code');
    expect(viaApollo).toBe(0);
  });

  test('an answer that is longer than a text may be', async () => {
    const { execute, executeToText } = world.gateway.generation;
    const toJSON = () => {
      throw new RangeError('Invalid string length');
    };
    const tooLong = async () => ({ data: { item: { toJSON } } });
    Object.assign(world.gateway.generation, { execute: tooLong, executeToText: tooLong });
    const { byLong, byShort, viaApollo } = await bothWays(post({ query: name, variables: { id: 1 } }));
    Object.assign(world.gateway.generation, { execute, executeToText });
    // Apollo Server forgets `cache-control` here.
    expect(withoutIds(byShort).body).toEqual(withoutIds(byLong).body);
    expect([byShort.status, byLong.status]).toEqual([500, 500]);
    expect(viaApollo).toBe(0);
    expect(logged.filter((line) => line.includes('Invalid string length'))).toHaveLength(3);
  });

  test('faults of ours: masked, and logged with the id of the request', async () => {
    const { execute, executeToText } = world.gateway.generation;
    const fail = () => Promise.reject(new Error('the secret'));
    Object.assign(world.gateway.generation, { execute: fail, executeToText: fail });
    const { byLong, byShort, viaApollo } = await bothWays(post({ query: name, variables: { id: 1 } }));
    Object.assign(world.gateway.generation, { execute, executeToText });
    expect(withoutIds(byShort)).toEqual(withoutIds(byLong));
    expect(byShort.status).toBe(500);
    expect(byShort.body).not.toContain('secret');
    expect(viaApollo).toBe(0);
    const faults = logged.filter((line) => line.includes('the secret'));
    expect(faults).toHaveLength(3);
    for (const line of faults) expect(line).toContain('request-0001');
  });
});

test('a document goes the long way once in each generation, and requests are counted alike on both', async () => {
  const ask = () =>
    rawAnswer(world.gateway.port, { ...post({ query: name, variables: { id: 1 } }), headers: json });
  await ask();
  await ask();
  expect(apollo).toHaveBeenCalledTimes(1);
  await world.gateway.update(`${world.supergraphSdl}\n# another one`);
  await ask();
  await ask();
  expect(apollo).toHaveBeenCalledTimes(2);
  const { port } = world.gateway;
  await rawAnswer(port, { ...post({ query: name }), headers: json });
  await world.stop();
  expect(usage.map((line) => JSON.parse(line))).toMatchObject([{ name: 'Name', count: 5, errors: 1 }]);
  world = await startWorld();
});

test.each([
  ['without a type', {}],
  ['with a type that a page may send', { 'content-type': 'text/plain' }],
  ['with an empty name', { 'x-apollo-operation-name': '' }],
])('a GET that a page could send without asking is refused: %s', async (_, headers) => {
  const query = get({ query: '{ __typename }' });
  const known = await rawAnswer(world.gateway.port, { ...query, headers: json });
  const blind = await rawAnswer(world.gateway.port, { ...query, headers });
  expect([known.status, blind.status]).toEqual([200, 400]);
  expect(blind.body).toContain('Cross-Site Request Forgery');
});

test.each(['x-apollo-operation-name', 'apollo-require-preflight'])(
  'a GET with %s is answered',
  async (header) => {
    const headers = { 'x-request-id': 'request-0001', [header]: 'Any' };
    const query = { ...get({ query: '{ __typename }' }), headers };
    const byLong = await rawAnswer(world.gateway.port, query);
    apollo.mockClear();
    expect(await rawAnswer(world.gateway.port, query)).toEqual(byLong);
    expect(apollo).not.toHaveBeenCalled();
  },
);

test('requests that come one behind the other on a connection are answered in their order', async () => {
  await rawAnswer(world.gateway.port, { ...post({ query: name, variables: { id: 0 } }), headers: json });
  const socket = connect(world.gateway.port, '127.0.0.1');
  const requests = [1, 2, 3].map((id) => {
    const body = JSON.stringify({ query: id === 2 ? '{ other: __typename }' : name, variables: { id } });
    return `POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  });
  socket.write(requests.join(''));
  let text = '';
  socket.on('data', (chunk) => {
    text += String(chunk);
    if (text.includes('item 3')) socket.end();
  });
  await once(socket, 'close');
  expect(text.match(/item 1|other|item 3/g)).toEqual(['item 1', 'other', 'item 3']);
});
