import { describe, expect, test } from 'vitest';
import { buildGraph, takeFetches } from '../execution/graph.ts';

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

describe('@requires of fields with arguments', () => {
  const shop = () =>
    buildGraph({
      products: {
        typeDefs: `
          type Query { products: [Product] }
          type Product @key(fields: "upc") { upc: ID! price(currency: String!): Int category: Category }
          type Category @key(fields: "id") { id: ID! average(currency: String, year: Int = 1): Int }`,
        resolvers: {
          Query: { products: () => ['p1', 'p2'].map((upc) => ({ upc, category: { id: `c ${upc}` } })) },
          Product: {
            __resolveReference: ({ upc }: { upc: string }) => ({ upc, category: { id: `c ${upc}` } }),
            price: ({ upc }: { upc: string }, { currency }: { currency: string }) =>
              rate(currency) * upc.length,
          },
          Category: {
            average: (_: unknown, { currency, year }: { currency: string; year: number }) =>
              rate(currency) + year,
          },
        },
      },
      shipping: {
        typeDefs: `
          type Product @key(fields: "upc") {
            upc: ID!
            price(currency: String!): Int @external
            category: Category @external
            euros(note: String): String @requires(fields: "price(currency: \\"EUR\\")")
            dollars(note: String): String @requires(fields: "price(currency: \\"USD\\")")
            level: String @requires(fields: "category { average(currency: \\"EUR\\", year: 5) }")
            plain: String
          }
          type Category @key(fields: "id") { id: ID! @external average(currency: String, year: Int = 1): Int @external }`,
        resolvers: {
          Product: {
            euros: ({ price }: { price: number }, { note }: { note?: string }) => `EUR ${price} ${note}`,
            dollars: ({ price }: { price: number }, { note }: { note?: string }) => `USD ${price} ${note}`,
            level: ({ category }: { category: { average: number } }) => `level ${category.average}`,
            plain: ({ upc }: { upc: string }) => upc,
          },
        },
      },
    });
  const rate = (currency: string) => ({ EUR: 100, USD: 200 })[currency] ?? 0;

  test('the value is the one that the directive names, whatever the client asks for', async () => {
    const graph = shop();
    const query = '{ products { price(currency: "USD") euros(note: "n") level } }';
    const { data, errors } = await graph.run(query);
    expect((await graph.oracle(query)).data, 'stock errs').not.toEqual(data);
    expect(errors).toBeUndefined();
    expect(data?.products).toEqual(
      ['p1', 'p2'].map(() => ({ price: 400, euros: 'EUR 200 n', level: 'level 105' })),
    );
    expect(takeFetches(graph)[1]?.request.variables.representations).toEqual(
      ['p1', 'p2'].map((upc) => ({ __typename: 'Product', upc, price: 200, category: { average: 105 } })),
    );
  });

  test('two fields that need the same input with other arguments are fetched apart', async () => {
    const graph = shop();
    const { data, errors } = await graph.run(
      'query($e: String, $d: String) { products { euros(note: $e) dollars(note: $d) plain level } }',
      { variables: { e: 'e', d: 'd' } },
    );
    expect(errors).toBeUndefined();
    expect(data?.products).toEqual(
      ['p1', 'p2'].map((upc) => ({
        euros: 'EUR 200 e',
        dollars: 'USD 400 d',
        plain: upc,
        level: 'level 105',
      })),
    );
    const [, first, second, ...more] = takeFetches(graph);
    expect(more).toEqual([]);
    expect(Object.keys(first?.request.variables ?? {})).toEqual(['e', 'representations']);
    expect(Object.keys(second?.request.variables ?? {})).toEqual(['d', 'representations']);
  });

  test("clients do not see the planner's fields", () => {
    expect(shop().generation.apiSchema.getType('Product')?.toConfig()).not.toHaveProperty(
      'fields.price__requires_0',
    );
    expect(() => shop().run('{ products { price__requires_0 } }')).toThrow(/Cannot query field/);
  });
});

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
