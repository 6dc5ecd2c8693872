import { describe, expect, test } from 'vitest';
import { buildGraph, takeFetches } from '../../execution/graph.ts';

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

test('a field that is required without its arguments is not the one that a client gives some', async () => {
  const graph = buildGraph({
    products: {
      typeDefs: `
        type Query { product: Product }
        type Product @key(fields: "upc") { upc: ID! price(currency: String = "EUR"): String }`,
      resolvers: {
        Query: { product: () => ({ upc: '1' }) },
        Product: { price: (_: unknown, { currency }: { currency: string }) => `1 ${currency}` },
      },
    },
    shipping: {
      typeDefs: `
        type Product @key(fields: "upc") {
          upc: ID! price(currency: String = "EUR"): String @external label: String @requires(fields: "price")
        }`,
      resolvers: { Product: { label: ({ price }: { price: string }) => `for ${price}` } },
    },
  });
  const query = '{ product { price(currency: "USD") label } }';
  const data = { product: { price: '1 USD', label: 'for 1 EUR' } };
  expect(await graph.run(query)).toEqual({ data });
  expect((await graph.oracle(query)).data, 'stock errs').not.toEqual(data);
  expect((await graph.run('{ product { price label } }')).data).toEqual({
    product: { price: '1 EUR', label: 'for 1 EUR' },
  });
});
