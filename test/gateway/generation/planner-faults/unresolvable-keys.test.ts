import { expect, test } from 'vitest';
import { buildGraph } from '../../execution/graph.ts';

test('a key that does not resolve is no way back into its subgraph, when another one is', async () => {
  const graph = buildGraph({
    a: {
      typeDefs: 'type P @key(fields: "id") @key(fields: "sku") { id: ID! sku: ID! weight: Int }',
      resolvers: { P: { __resolveReference: () => ({ id: '1', sku: 's', weight: 4 }) } },
    },
    b: {
      typeDefs: `
        type Query { p: P }
        type P @key(fields: "id", resolvable: false) @key(fields: "sku") {
          id: ID! sku: ID! weight: Int @external shipping: Int @requires(fields: "weight")
        }`,
      resolvers: {
        Query: { p: () => ({ id: '1', sku: 's' }) },
        P: {
          __resolveReference: (key: { sku?: string; weight: number }) => (key.sku === undefined ? null : key),
          shipping: ({ weight }: { weight: number }) => weight * 2,
        },
      },
    },
  });
  expect((await graph.run('{ p { shipping } }')).data).toEqual({ p: { shipping: 8 } });
  expect((await graph.oracle('{ p { shipping } }')).data, 'stock errs').not.toEqual({ p: { shipping: 8 } });
});
