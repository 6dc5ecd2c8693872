import { expect, test } from 'vitest';
import { buildGraph } from '../../execution/graph.ts';

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
