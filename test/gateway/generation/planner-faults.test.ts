import type { ExecutionResult } from 'graphql';
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

describe('a field that is required and has a @requires itself', () => {
  const posts = (inA: string) =>
    buildGraph({
      a: {
        typeDefs: `
          type Query { post: Post }
          interface Ranked { byRank: Int }
          type Post ${inA} @key(fields: "id") {
            id: ID! seed: String byName: String @external byRank: Int @requires(fields: "byName")
          }`,
        resolvers: {
          Query: { post: () => ({ id: '1', seed: 'ab' }) },
          Post: { byRank: ({ byName }: { byName?: string }) => byName?.length ?? -1 },
        },
      },
      b: {
        typeDefs: `
          type Post @key(fields: "id") {
            id: ID! seed: String @external byName: String @requires(fields: "seed")
            byRank: Int @external end: String @requires(fields: "byRank")
          }`,
        resolvers: {
          Post: {
            byName: ({ seed }: { seed: string }) => `${seed}c`,
            end: ({ byRank }: { byRank: number }) => `end ${byRank}`,
          },
        },
      },
    });

  test('is fetched before what requires it, though of a subgraph that was asked before', async () => {
    const graph = posts('');
    expect(await graph.run('query Q { post { end byName } }')).toEqual({
      data: { post: { end: 'end 3', byName: 'abc' } },
    });
    const asked = takeFetches(graph).map(({ subgraph, request }) => [subgraph, request.query]);
    expect(asked.map(([subgraph]) => subgraph)).toEqual(['a', 'b', 'a', 'b']);
    expect((await graph.run('{ post { byRank seed } }')).data).toEqual({ post: { byRank: 3, seed: 'ab' } });
    expect((await graph.oracle('{ post { end } }')).data, 'stock errs').toEqual({ post: { end: 'end -1' } });
  });

  test('refuses the request where its subgraph could be asked for it by way of an interface', async () => {
    const graph = posts('implements Ranked');
    expect((await graph.run('{ post { byRank byName } }')).data).toEqual({
      post: { byRank: 3, byName: 'abc' },
    });
    const { data, errors } = await graph.run('{ post { end } }');
    expect(data).toBeUndefined();
    expect(errors?.map(({ message }) => message)).toEqual([
      'Post.byRank cannot be answered here: the query planner does not fetch first what it requires.',
    ]);
  });
});

test('an entity that its own @requires field returns is not asked for that field without inputs', async () => {
  const graph = buildGraph({
    texts: {
      typeDefs: `
        type Query { text: Text }
        type Text @key(fields: "id") {
          id: ID! draft: String pages(large: Boolean): Pages @external
          price: Int @requires(fields: "pages(large: true) { count }")
        }
        type Pages @shareable { count: Int of: Text }`,
    },
    printing: {
      typeDefs: `
        type Text @key(fields: "id") {
          id: ID! draft: String @external pages(large: Boolean): Pages @requires(fields: "draft")
        }
        type Pages @shareable { count: Int of: Text }`,
    },
  });
  const { data, errors } = await graph.run('{ text { pages { of { price } } } }');
  expect(data).toBeUndefined();
  expect(errors?.map(({ message }) => message)).toEqual([
    'Text.pages cannot be answered here: the query planner does not fetch first what it requires.',
  ]);
});

describe('types that only some subgraphs have in a union or behind an interface', () => {
  const one = (__typename: string, fields: object = {}) => ({ __typename, ...fields });
  const shapes = (kinds: readonly string[]) =>
    kinds.map((kind) => one(kind, { id: kind, side: 2, name: `a ${kind}`, next: one(kind, { id: kind }) }));
  const drawing = () =>
    buildGraph({
      a: {
        typeDefs: `
          type Query { drawn: Page }
          type Page @key(fields: "id") { id: ID! layer: Layer @shareable }
          type Layer @shareable { shapes(first: Int): [Shape!] @shareable marks: [Mark] @shareable }
          union Shape = Dot | Square
          interface Mark { id: ID! }
          type Dot implements Mark @key(fields: "id") { id: ID! name(upper: Boolean): String @shareable }
          type Square implements Mark @key(fields: "id") { id: ID! side(scale: Int = 1): Int next: Shape }`,
        resolvers: {
          Query: { drawn: () => ({ id: 'p' }) },
          Page: { layer: () => ({ shapes: shapes(['Dot', 'Square']), marks: shapes(['Square', 'Dot']) }) },
          Square: {
            side: ({ side }: { side: number }, { scale }: { scale: number }) => side * scale,
          },
        },
      },
      b: {
        typeDefs: `
          type Query { copied: Page }
          type Page @key(fields: "id") { id: ID! layer: Layer @shareable old: Layer }
          type Layer @shareable { shapes(first: Int): [Shape!] @shareable marks: [Mark] @shareable }
          union Shape = Dot | Line
          interface Mark { id: ID! }
          type Dot implements Mark @key(fields: "id") { id: ID! name(upper: Boolean): String @shareable }
          type Line implements Mark @key(fields: "id") { id: ID! name: Int }`,
        resolvers: {
          Query: { copied: () => ({ id: 'p' }) },
          Page: {
            layer: () => ({ shapes: [] }),
            old: () => ({ shapes: [one('Dot', { id: 'd', name: 'D' }), one('Line', { id: 'l', name: 7 })] }),
          },
        },
      },
      c: {
        typeDefs: 'type Square @key(fields: "id") { id: ID! colour: String }',
        resolvers: { Square: { colour: () => 'red' } },
      },
    });

  test('their fields come from the subgraph that was asked for the object', async () => {
    const graph = drawing();
    const query = `query($n: Int) { drawn { layer { all: shapes(first: 3) {
      ... on Dot { name } ...Square ... on Line { length: name }
    } } } }
    fragment Square on Square { wide: side(scale: $n) next { __typename ... on Square { id } } }`;
    const { data, errors } = await graph.run(query, { variables: { n: 10 } });
    expect(errors).toBeUndefined();
    expect(data).toEqual({
      drawn: {
        layer: { all: [{ name: 'a Dot' }, { wide: 20, next: { __typename: 'Square', id: 'Square' } }] },
      },
    });
    expect(takeFetches(graph).map(({ subgraph }) => subgraph)).toEqual(['a']);
    expect((await graph.oracle(query, { n: 10 })).data, 'stock errs').not.toEqual(data);
  });

  test('behind an interface as well', async () => {
    const { data } = await drawing().run('{ drawn { layer { marks { id ... on Square { side } } } } }');
    expect(data).toEqual({ drawn: { layer: { marks: [{ id: 'Square', side: 2 }, { id: 'Dot' }] } } });
  });

  test('and after a join', async () => {
    const { data, errors } = await drawing().run(
      '{ drawn { old { shapes { ... on Dot { id } ... on Line { id } } } } }',
    );
    expect(errors).toBeUndefined();
    expect(data).toEqual({ drawn: { old: { shapes: [{ id: 'd' }, { id: 'l' }] } } });
  });

  test('fields of one key that may not stand together are not put together', async () => {
    const { data, errors } = await drawing().run(
      '{ copied { old { shapes { ... on Dot { id } ... on Line { name } } } } }',
    );
    expect(errors).toBeUndefined();
    expect(data).toEqual({ copied: { old: { shapes: [{ id: 'd' }, { name: 7 }] } } });
  });
});
