import { expect, test } from 'vitest';
import { buildGraph, expectAsStock, type Graph, takeFetches } from './graph.ts';

function counters(): { graph: Graph; log: string[] } {
  const log: string[] = [];
  const values = new Map([['x', 0]]);
  const graph = buildGraph({
    a: {
      typeDefs: `
        type Query { counter(id: ID!): Counter } type Mutation { add(id: ID!, by: Int!): Counter addA: Int }
        type Counter @key(fields: "id") { id: ID! value: Int! }`,
      resolvers: {
        Query: { counter: (_: unknown, { id }: { id: string }) => ({ id, value: values.get(id) }) },
        Mutation: {
          add: (_: unknown, { id, by }: { id: string; by: number }) => {
            log.push(`add ${by}`);
            values.set(id, (values.get(id) ?? 0) + by);
            return { id, value: values.get(id) };
          },
          addA: () => log.push('addA'),
        },
      },
    },
    b: {
      typeDefs: 'type Mutation { addB: Int } type Counter @key(fields: "id") { id: ID! label: String }',
      resolvers: {
        Mutation: { addB: () => log.push('addB') },
        Counter: { label: ({ id }: { id: string }) => `counter ${id}` },
      },
    },
  });
  return { graph, log };
}

test('mutations run one after another, each with its joins, over several subgraphs', async () => {
  const { graph, log } = counters();
  const { data } = await graph.run(
    'mutation($by: Int!) { one: add(id: "x", by: $by) { value label } addB addA two: add(id: "x", by: 5) { value } }',
    { variables: { by: 2 } },
  );
  expect(data).toEqual({
    one: { value: 2, label: 'counter x' },
    addB: expect.any(Number),
    addA: expect.any(Number),
    two: { value: 7 },
  });
  expect(log).toEqual(['add 2', 'addB', 'addA', 'add 5']);
  expect(Object.keys(data ?? {})).toEqual(['one', 'addB', 'addA', 'two']);
  expect((await expectAsStock(graph, '{ counter(id: "x") { value label } }')).data).toEqual({
    counter: { value: 7, label: 'counter x' },
  });
});

test('S24 the position of what was written is told, and its joins carry it', async () => {
  const { graph } = counters();
  const answer = { data: { add: { __typename: 'Counter', id: 'x', value: 1 } } };
  graph.intercept = ({ subgraph }) =>
    subgraph === 'a'
      ? Promise.resolve({ ...answer, extensions: { tributary: { position: { topic: [[0, 41]] } } } })
      : undefined;
  const result = await graph.run('mutation { add(id: "x", by: 1) { value label } }', {
    after: {
      topic: [
        [0, 7],
        [1, 3],
      ],
      other: [[2, 2]],
    },
  });
  expect(result.extensions).toEqual({ tributary: { position: { topic: [[0, 41]] } } });
  expect(takeFetches(graph).map(({ request }) => request.extensions)).toEqual([
    {
      tributary: {
        after: {
          topic: [
            [0, 7],
            [1, 3],
          ],
          other: [[2, 2]],
        },
      },
    },
    {
      tributary: {
        after: {
          topic: [
            [0, 41],
            [1, 3],
          ],
          other: [[2, 2]],
        },
      },
    },
  ]);
});

test('S24 a query forwards the position that it is given to every fetch, with the headers', async () => {
  const { graph } = counters();
  const after = { topic: [[0, 41]] } as const;
  await graph.run('{ counter(id: "x") { value label } }', { after, headers: { authorization: 'me' } });
  const fetches = takeFetches(graph);
  expect(fetches).toHaveLength(2);
  for (const { request } of fetches) {
    expect(request.extensions).toEqual({ tributary: { after } });
    expect(request.headers).toEqual({ authorization: 'me' });
  }
});
