import type { ExecutionResult } from 'graphql';
import { describe, expect, test } from 'vitest';
import { buildGraph } from '../../execution/graph.ts';

describe('an alias that is the name of something else', () => {
  const rows = ['u1', 'u2'].map((id) => ({ id, name: `name ${id}`, size: 2 }));
  const rowOf = ({ id }: { id: string }) => rows.find((row) => row.id === id);
  const users = () =>
    buildGraph({
      users: {
        typeDefs: `
          type Query { users: [User!] root: Query @shareable }
          type User @key(fields: "id") { id: ID! name: String! size: Int next: User }`,
        resolvers: {
          Query: { users: () => rows, root: () => ({}) },
          User: { __resolveReference: rowOf, next: () => rows[0] },
        },
      },
      reviews: {
        typeDefs: `
          type Query { root: Query @shareable reviewed: [User] }
          type User @key(fields: "id") {
            id: ID! size: Int @external area: Int @requires(fields: "size") stars: [Int!]!
          }`,
        resolvers: {
          Query: { reviewed: () => [{ id: 'u2' }] },
          User: { area: ({ size }: { size: number }) => size * size, stars: () => [1, 2] },
        },
      },
    });

  test.each([
    ['of the key', 'id: name stars', { id: 'name u1', stars: [1, 2] }],
    ['of the key, beside the key', 'id: name key: id stars', { id: 'name u1', key: 'u1', stars: [1, 2] }],
    ['of what is required', 'size: name area', { size: 'name u1', area: 4 }],
    ['__typename', '__typename: name stars', { __typename: 'name u1', stars: [1, 2] }],
    ['of the key, for the type', 'id: __typename stars', { id: 'User', stars: [1, 2] }],
    ['of the key, for an object', 'id: next { id: size stars }', { id: { id: 2, stars: [1, 2] } }],
    [
      'that the gateway gives itself',
      'alias_0_id: name id: size stars',
      { alias_0_id: 'name u1', id: 2, stars: [1, 2] },
    ],
  ])('%s', async (_, selection, expected) => {
    const { data, errors } = await users().run(`{ users { ${selection} } root { users { ${selection} } } }`);
    expect(errors).toBeUndefined();
    for (const given of [data, data?.root]) expect(given).toMatchObject({ users: [expected, {}] });
  });

  test('stock gives one for the other', async () => {
    const { data } = await users().oracle('{ users { id: name stars } }');
    expect(data).toMatchObject({ users: [{ id: 'u1' }, { id: 'u2' }] });
  });

  test('errors have the paths of the client', async () => {
    const graph = users();
    graph.intercept = ({ subgraph, request }) =>
      subgraph === 'reviews' && 'representations' in request.variables
        ? Promise.resolve({
            data: { _entities: [{ alias_0_id: null }] },
            errors: [{ message: 'no', path: ['_entities', 0, 'alias_0_id', 1] }],
          } as unknown as ExecutionResult)
        : undefined;
    const { data, errors } = await graph.run('{ __typename: users { size: next { id: stars } } }');
    expect(data).toEqual({ __typename: [{ size: null }, { size: null }] });
    expect(errors?.map(({ path }) => path)).toEqual([
      ['__typename', 0, 'size', 'id', 1],
      ['__typename', 1, 'size', 'id', 1],
    ]);
    graph.intercept = ({ subgraph }) =>
      subgraph === 'reviews' ? Promise.reject(new Error('down')) : undefined;
    const { errors: down } = await graph.run('{ __typename: users { id: stars } }');
    expect(down?.map(({ path }) => path)).toEqual([['__typename', 0, 'id']]);
  });
});

test('one key for fields with other arguments, for different types that are joined at one path', async () => {
  const graph = buildGraph({
    a: {
      typeDefs: `
        type Query { works: [Work!] }
        interface Work { id: ID! }
        type Book implements Work @key(fields: "id") { id: ID! }
        type Film implements Work @key(fields: "id") { id: ID! }`,
      resolvers: { Query: { works: () => ['Book', 'Film'].map((id) => ({ id, __typename: id })) } },
    },
    b: {
      typeDefs: `
        interface Work @key(fields: "id") { id: ID! stars(scale: Int = 5): Int }
        type Book implements Work @key(fields: "id") { id: ID! stars(scale: Int = 5): Int }
        type Film implements Work @key(fields: "id") { id: ID! stars(scale: Int = 5): Int }
        type Review @key(fields: "id") { id: ID! work: Work }`,
      resolvers: {
        Work: { __resolveType: ({ id }: { id: string }) => id },
        Book: { stars: (_: unknown, { scale }: { scale: number }) => scale },
        Film: { stars: (_: unknown, { scale }: { scale: number }) => scale },
      },
    },
  });
  const { data } = await graph.run(
    'query($n: Int) { works { ... on Film { stars(scale: $n) } ...on Book { stars } ... on Work { id } } }',
    { variables: { n: 10 } },
  );
  expect(data).toEqual({
    works: [
      { stars: 5, id: 'Book' },
      { stars: 10, id: 'Film' },
    ],
  });
});
