import { expect, test } from 'vitest';
import { buildGraph } from '../../execution/graph.ts';

test('a field that is left out takes nothing from its neighbour that requires less', async () => {
  const graph = buildGraph({
    a: {
      typeDefs: 'type It @key(fields: "id") { id: ID! title: String pages: Int }',
      resolvers: { It: { __resolveReference: () => ({ id: '1', title: 'T', pages: 3 }) } },
    },
    b: {
      typeDefs: `
        type Query { it: It }
        type It @key(fields: "id") {
          id: ID! title: String @external pages: Int @external
          double: Int @requires(fields: "pages") slogan: String @requires(fields: "title pages")
        }`,
      resolvers: {
        Query: { it: () => ({ id: '1' }) },
        It: { double: ({ pages }: { pages: number }) => pages * 2, slogan: () => 'S' },
      },
    },
  });
  const query = 'query($yes: Boolean!) { it { double slogan @include(if: $yes) } }';
  expect((await graph.run(query, { variables: { yes: false } })).data).toEqual({ it: { double: 6 } });
  expect((await graph.oracle(query, { yes: false })).data, 'stock errs').toEqual({ it: { double: null } });
  expect((await graph.run(query, { variables: { yes: true } })).data).toEqual({
    it: { double: 6, slogan: 'S' },
  });
});

test('an object that lacks what a neighbour requires gets what requires less', async () => {
  const graph = buildGraph({
    a: {
      typeDefs: `
        type Query { all: [Shelf] }
        interface Shelf { best: It }
        type Old implements Shelf { best: It } type New implements Shelf { best: It }
        type It @key(fields: "id") { id: ID! title: String pages: Int }`,
      resolvers: {
        Query: {
          all: () =>
            ['Old', 'New'].map((kind) => ({ kind, best: { id: kind, title: `T ${kind}`, pages: 3 } })),
        },
        Shelf: { __resolveType: ({ kind }: { kind: string }) => kind },
      },
    },
    c: {
      typeDefs: `
        type It @key(fields: "id") {
          id: ID! title: String @external pages: Int @external price: Int
          double: Int @requires(fields: "pages") slogan: String @requires(fields: "title pages")
        }`,
      resolvers: {
        It: {
          price: () => 7,
          double: ({ pages }: { pages: number }) => pages * 2,
          slogan: ({ title }: { title: string }) => `read ${title}`,
        },
      },
    },
  });
  const query = '{ all { best { price double } ... on New { best { slogan } } } }';
  const { data, errors } = await graph.run(query);
  expect(errors).toBeUndefined();
  expect(data).toEqual({
    all: [{ best: { price: 7, double: 6 } }, { best: { price: 7, double: 6, slogan: 'read T New' } }],
  });
  expect((await graph.oracle(query)).data, 'stock errs').not.toEqual(data);
});

test('so it is where what is required has the name of a key of another type', async () => {
  const graph = buildGraph({
    a: {
      typeDefs: `
        type Query { all: [Shelf] }
        interface Shelf { best: It }
        type Old implements Shelf { best: It } type New implements Shelf { best: It }
        type It @key(fields: "id") { id: ID! mail: String pages: Int }`,
      resolvers: {
        Query: {
          all: () => ['Old', 'New'].map((kind) => ({ kind, best: { id: kind, mail: 'm', pages: 3 } })),
        },
        Shelf: { __resolveType: ({ kind }: { kind: string }) => kind },
      },
    },
    b: {
      typeDefs: `
        type User @key(fields: "mail") { mail: String! }
        type It @key(fields: "id") {
          id: ID! mail: String @external pages: Int @external
          double: Int @requires(fields: "pages") address: String @requires(fields: "mail pages")
        }`,
      resolvers: {
        It: {
          double: ({ pages }: { pages: number }) => pages * 2,
          address: ({ mail }: { mail: string }) => `to ${mail}`,
        },
      },
    },
  });
  expect(await graph.run('{ all { best { double } ... on New { best { address } } } }')).toEqual({
    data: { all: [{ best: { double: 6 } }, { best: { double: 6, address: 'to m' } }] },
  });
});
