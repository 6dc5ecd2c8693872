import { expect, test } from 'vitest';
import { buildGraph } from '../execution/graph.ts';

test('a key that does not resolve is no way in, when another one is', async () => {
  const graph = buildGraph({
    a: {
      typeDefs: 'type Query { p: P } type P @key(fields: "id") @key(fields: "sku") { id: ID! sku: ID! }',
      resolvers: { Query: { p: () => ({ id: '1', sku: 's' }) } },
    },
    b: {
      typeDefs: `type P @key(fields: "id", resolvable: false) @key(fields: "sku") { id: ID! @shareable sku: ID! stock: Int }`,
      resolvers: {
        P: {
          __resolveReference: ({ sku }: { sku?: string }) =>
            sku === undefined ? null : { sku, id: '1', stock: 4 },
        },
      },
    },
  });
  expect((await graph.run('{ p { stock } }')).data).toEqual({ p: { stock: 4 } });
});

test('a root field that no fetch covers refuses the request instead of answering null', async () => {
  const graph = buildGraph({
    a: {
      typeDefs: 'type Query { ok: Int nobody: Nobody } interface Nobody { id: ID! }',
      resolvers: { Query: { ok: () => 1, nobody: () => null } },
    },
    b: { typeDefs: 'type Query { b: Int } interface Nobody { id: ID! name: String }' },
  });
  const { data, errors } = await graph.run('{ ok nobody { name } }');
  expect(data).toBeUndefined();
  expect(errors?.map(({ message }) => message)).toEqual([
    'No subgraph can answer Query.nobody with what is selected of it.',
  ]);
  expect(
    (await graph.run('query($no: Boolean = false) { ok nobody @include(if: $no) { name } }')).data,
  ).toEqual({
    ok: 1,
  });
});
