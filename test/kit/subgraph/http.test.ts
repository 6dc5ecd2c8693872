import { describe, expect, test } from 'vitest';
import { uniqueTopic } from '../../support/kafka.ts';
import { post, runSubgraph, tributaryOf } from './running.ts';

const sdl = (topic: string) => `
type Gate @key(fields: "id") @topic(name: "${topic}", key: "id", cleanup: COMPACT, partitions: 1) {
  id: ID!
  code: String!
  neighbours: [Gate!]
}
type Query { gate(id: ID): Gate @view }
type Mutation { addGate(id: ID!, code: String!, neighbours: [ID!]): Gate! @produce }`;

const start = () => runSubgraph({ sdl: sdl(uniqueTopic('gates')) });

describe('bad requests', () => {
  test.each([
    ['extensions.tributary', { tributary: 'x' }],
    ['a position that is none', { tributary: { after: { topic: [[0, -1]] } } }],
  ])('%s: 400 with a code', async (_name, extensions) => {
    const { url } = await start();
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ __typename }', extensions }),
    });
    expect(response.status).toBe(400);
    const { errors } = (await response.json()) as { errors: { message: string; extensions: unknown }[] };
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_REQUEST' } }]);
    expect(errors[0]?.message).toMatch(/^"extensions/);
  });

  test('a document of too many tokens is refused before it is read to its end', async () => {
    const { url } = await start();
    const answer = await post(url, `{ ${'a: __typename '.repeat(10_000)} }`);
    expect(answer.errors?.[0]?.message).toContain('token');
  });

  test('S29 a page of a rebound host name can read nothing: there is no GET', async () => {
    const { url } = await start();
    const response = await fetch(`${url}?query=%7B__typename%7D`, {
      headers: { 'apollo-require-preflight': 'true' },
    });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('POST');
  });
});

test('references of a list are found by their keys', async () => {
  const { url } = await start();
  await post(url, 'mutation { addGate(id: "a", code: "A1") { id } }');
  const added = await post(url, 'mutation { addGate(id: "b", code: "B1", neighbours: ["a"]) { id } }');
  const after = tributaryOf(added).position;
  const query = '{ gate(id: "b") { neighbours { code neighbours { code } } } }';
  expect(await post(url, query, {}, { tributary: { after } })).toEqual({
    data: { gate: { neighbours: [{ code: 'A1', neighbours: null }] } },
  });
});

test("a reference by another key than the record's goes through the author's own resolver", async () => {
  const visits = uniqueTopic('visits');
  const { url } = await runSubgraph({
    sdl: `${sdl(uniqueTopic('gates')).replace('@key(fields: "id")', '@key(fields: "code") @key(fields: "id")')}
type Visit @topic(name: "${visits}", key: "id", cleanup: COMPACT, partitions: 1) { id: ID! gate: Gate }
extend type Mutation { addVisit(id: ID!, gate: ID): Visit! @produce }`,
    resolvers: {
      Gate: { __resolveReference: ({ code }: { code: string }) => ({ id: `found by ${code}`, code }) },
    },
  });
  const added = await post(url, 'mutation { addVisit(id: "v", gate: "A1") { gate { id code } } }');
  expect(added.data).toEqual({ addVisit: { gate: { id: 'found by A1', code: 'A1' } } });
});

test('a key that is not given is no key', async () => {
  const { url } = await start();
  const added = await post(url, 'mutation { addGate(id: "undefined", code: "U") { id } }');
  const after = tributaryOf(added).position;
  expect(await post(url, '{ gate { id } }', {}, { tributary: { after } })).toEqual({ data: { gate: null } });
});

test('a subgraph without topics needs no Kafka', async () => {
  const subgraph = await runSubgraph({
    sdl: 'type Query { now: String }',
    resolvers: { Query: { now: () => 'now' } },
    brokers: '127.0.0.1:1',
  });
  expect(await post(subgraph.url, '{ now }')).toEqual({ data: { now: 'now' } });
});
