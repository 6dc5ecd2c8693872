import { describe, expect, test } from 'vitest';
import { buildGraph, expectAsStock, takeFetches } from './graph.ts';

describe('@requires', () => {
  const graph = () =>
    buildGraph({
      a: {
        typeDefs: `
          type Query { items: [Item] }
          type Item @key(fields: "id") { id: ID! size: Size parts: [Part!] price: Float }
          type Size { w: Int h: Int }
          union Part = Wheel | Door
          type Wheel { id: ID! radius: Int }
          type Door { id: ID! handle: String }`,
        resolvers: {
          Part: {
            __resolveType: ({ radius }: { radius?: number }) => (radius === undefined ? 'Door' : 'Wheel'),
          },
          Query: { items: () => ['1', '2', '3'].map(item) },
          Item: { __resolveReference: ({ id }: { id: string }) => item(id) },
        },
      },
      b: {
        typeDefs: `
          type Item @key(fields: "id") {
            id: ID!
            size: Size @external
            parts: [Part!] @external
            price: Float @external
            area: Int @requires(fields: "size { w h }")
            inventory: String @requires(fields: "parts { ... on Wheel { radius } ... on Door { handle } }")
            tax: Float @requires(fields: "price")
          }
          type Size { w: Int @external h: Int @external }
          union Part = Wheel | Door
          type Wheel { radius: Int @external }
          type Door { handle: String @external }`,
        resolvers: {
          Item: {
            area: ({ size }: { size: { w: number; h: number } | null }) =>
              size === null ? null : size.w * size.h,
            inventory: ({ parts }: { parts: unknown }) => JSON.stringify(parts),
            tax: ({ price }: { price: number }) => price / 10,
          },
        },
      },
      c: {
        typeDefs: `
          type Item @key(fields: "id") { id: ID! tax: Float @external total: String @requires(fields: "tax") }`,
        resolvers: { Item: { total: ({ tax }: { tax: number }) => `sum ${tax}` } },
      },
    });

  const item = (id: string) => ({
    id,
    size: id === '2' ? null : { w: 2, h: Number(id) },
    parts:
      id === '3'
        ? null
        : [
            { id: 'w', radius: 4 },
            { id: 'd', handle: 'left' },
          ],
    price: 10,
  });

  test('of nested objects, with null among them', async () => {
    const { data } = await expectAsStock(graph(), '{ items { area } }');
    expect(data).toEqual({ items: [{ area: 2 }, { area: null }, { area: 6 }] });
  });

  test('of fragments on a union', async () => {
    await expectAsStock(graph(), '{ items { inventory parts { ... on Door { id } } } }');
  });

  test('of a field that requires another', async () => {
    const { data } = await expectAsStock(graph(), '{ items { total } }');
    expect(data).toMatchObject({ items: [{ total: 'sum 1' }, {}, {}] });
  });

  test('does not call the second subgraph for what the first one failed to give', async () => {
    const it = graph();
    it.intercept = ({ subgraph }) => (subgraph === 'b' ? Promise.reject(new Error('down')) : undefined);
    const { data, errors } = await it.run('{ items { id total } }');
    expect(takeFetches(it).map(({ subgraph }) => subgraph)).toEqual(['a', 'b']);
    expect(data).toEqual({ items: ['1', '2', '3'].map((id) => ({ id, total: null })) });
    expect(errors?.map(({ path }) => path?.join('.'))).toEqual([
      'items.0.total',
      'items.1.total',
      'items.2.total',
    ]);
  });
});

describe('@context and @fromContext', () => {
  const graph = () =>
    buildGraph({
      a: {
        typeDefs: `
          type Query { shops: [Shop!] }
          type Shop @key(fields: "id") @context(name: "shop") { id: ID! currency: String offers: [Offer] }
          type Offer @key(fields: "id") {
            id: ID!
            price(currency: String @fromContext(field: "$shop { currency }"), tax: Boolean): String
            twin: Offer
          }`,
        resolvers: {
          Query: { shops: () => [shopOf('s1', 'EUR'), shopOf('s2', 'USD'), shopOf('s3', 'EUR')] },
          Shop: { __resolveReference: ({ id }: { id: string }) => shopOf(id, 'EUR') },
          Offer: {
            __resolveReference: ({ id }: { id: string }) => ({ id }),
            price: ({ id }: { id: string }, args: { currency: string; tax: boolean }) =>
              `${id} ${args.currency} ${args.tax}`,
            twin: ({ id }: { id: string }) => ({ id: `${id}t` }),
          },
        },
      },
      b: {
        typeDefs: `type Offer @key(fields: "id") { id: ID! stock: Int }`,
        resolvers: { Offer: { stock: () => 1 } },
      },
    });
  const shopOf = (id: string, currency: string) => ({
    id,
    currency,
    offers: [{ id: 'o1' }, null, { id: 'o2' }],
  });

  test('an argument takes its value from the object around, which is another one for each parent', async () => {
    const it = graph();
    const { data, errors } = await it.run(
      'query($t: Boolean) { shops { offers { stock price(tax: $t) } } }',
      {
        variables: { t: true },
      },
    );
    expect(errors).toBeUndefined();
    expect(data).toEqual({
      shops: ['EUR', 'USD', 'EUR'].map((currency) => ({
        offers: [
          { stock: 1, price: `o1 ${currency} true` },
          null,
          { stock: 1, price: `o2 ${currency} true` },
        ],
      })),
    });
  });
});

describe('keys', () => {
  test('several keys, compound and nested, through a third subgraph', async () => {
    const graph = buildGraph({
      a: {
        typeDefs: 'type Query { p: P } type P @key(fields: "id") { id: ID! a: String }',
        resolvers: { Query: { p: () => ({ id: '1', a: 'a' }) } },
      },
      b: {
        typeDefs: `type P @key(fields: "id") @key(fields: "sku brand { name }") { id: ID! sku: String brand: Brand @shareable b: String }
          type Brand @shareable { name: String }`,
        resolvers: { P: { __resolveReference: () => ({ id: '1', sku: 's', brand: { name: 'n' }, b: 'b' }) } },
      },
      c: {
        typeDefs: `type P @key(fields: "sku brand { name }") { sku: String brand: Brand @shareable c: String }
          type Brand @shareable { name: String }`,
        resolvers: {
          P: { c: ({ sku, brand }: { sku: string; brand: { name: string } }) => sku + brand.name },
        },
      },
    });
    const { data } = await expectAsStock(graph, '{ p { a b c } }');
    expect(data).toEqual({ p: { a: 'a', b: 'b', c: 'sn' } });
  });

  test('@provides saves the fetch', async () => {
    const graph = buildGraph({
      a: {
        typeDefs: `type Query { review: Review other: Review }
          type Review { author: User @provides(fields: "name") } type User @key(fields: "id") { id: ID! name: String @external }`,
        resolvers: { Query: { review: () => ({ author: { id: '1', name: 'provided' } }) } },
      },
      b: {
        typeDefs: 'type User @key(fields: "id") { id: ID! name: String @shareable age: Int }',
        resolvers: { User: { __resolveReference: () => ({ id: '1', name: 'own', age: 3 }) } },
      },
    });
    expect((await expectAsStock(graph, '{ review { author { name } } }')).data).toEqual({
      review: { author: { name: 'provided' } },
    });
    expect(takeFetches(graph)).toHaveLength(1);
    await expectAsStock(graph, '{ review { author { name age } } }');
  });

  test('@override takes the field from its new owner', async () => {
    const graph = buildGraph({
      a: {
        typeDefs: 'type Query { it: It } type It @key(fields: "id") { id: ID! value: String }',
        resolvers: { Query: { it: () => ({ id: '1', value: 'old' }) } },
      },
      b: {
        typeDefs: 'type It @key(fields: "id") { id: ID! value: String @override(from: "a") }',
        resolvers: { It: { value: () => 'new' } },
      },
    });
    expect((await expectAsStock(graph, '{ it { value } }')).data).toEqual({ it: { value: 'new' } });
  });

  test('root fields of several subgraphs, and a shared object merged from two', async () => {
    const graph = buildGraph({
      a: {
        typeDefs: 'type Query { me: Me @shareable one: Int } type Me { a: Int }',
        resolvers: { Query: { me: () => ({ a: 1 }), one: () => 1 } },
      },
      b: {
        typeDefs: 'type Query { me: Me @shareable two: Int } type Me { b: Int }',
        resolvers: { Query: { me: () => ({ b: 2 }), two: () => 2 } },
      },
    });
    await expectAsStock(graph, '{ two me { b a } one }');
  });
});
