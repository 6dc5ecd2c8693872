import { parse } from 'graphql';
import { describe, expect, test } from 'vitest';
import { buildGraph, type SubgraphSource, takeFetches } from '../../execution/graph.ts';

/** `end` (b) takes `byRank` (a), which takes `byName` (b), which takes `seed` (a). */
const posts = (changes: { inA?: string; ofRank?: string; others?: Record<string, SubgraphSource> } = {}) =>
  buildGraph({
    a: {
      typeDefs: `
        type Query { post: Post ranked: Ranked }
        type Subscription { posted: Post }
        interface Ranked { byRank: Int }
        type Post ${changes.inA ?? ''} @key(fields: "id") {
          id: ID! seed: String byName: String @external byRank: Int @requires(fields: "byName") ${changes.ofRank ?? ''}
        }`,
      resolvers: {
        Query: {
          post: () => ({ id: '1', seed: 'ab' }),
          ranked: () => ({ __typename: 'Post', id: '1', seed: 'ab' }),
        },
        Post: {
          __resolveReference: (given: object) => ({ seed: 'ab', ...given }),
          byRank: ({ byName }: { byName?: string }) => byName?.length ?? -1,
        },
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
    ...changes.others,
  });

describe('a field that is required and has a @requires itself', () => {
  test('is fetched before what requires it, though of a subgraph that was asked before', async () => {
    const graph = posts();
    expect(await graph.run('query Q { post { end byName } }')).toEqual({
      data: { post: { end: 'end 3', byName: 'abc' } },
    });
    expect(takeFetches(graph).map(({ subgraph }) => subgraph)).toEqual(['a', 'b', 'a', 'b']);
    expect((await graph.run('{ post { byRank seed } }')).data).toEqual({ post: { byRank: 3, seed: 'ab' } });
    expect((await graph.oracle('{ post { end } }')).data, 'stock errs').toEqual({ post: { end: 'end -1' } });
  });

  test('is asked for by names that subgraphs know', async () => {
    const graph = posts();
    // What the client calls its operation may look like what the planner makes of it.
    await graph.run('query Q__b__1 { post { end } }');
    const fetched = takeFetches(graph).map(({ request }) => request);
    expect(fetched.map(({ operationName }) => operationName)).toEqual([
      'Q__b__1__a__0',
      'Q__b__1__b__1',
      'Q__b__1__a__2',
      'Q__b__1__b__3',
    ]);
    for (const { query, operationName } of fetched) {
      expect(parse(query).definitions).toMatchObject([{ name: { value: operationName } }]);
    }
  });

  test('is joined to an event', async () => {
    const graph = posts();
    const document = parse('subscription S { posted { end } }');
    const plan = graph.generation.planSubscription({ document, operationName: null, variables: {} });
    expect(plan).toMatchObject({ subgraph: { name: 'a' }, operationName: 'S__a__0', passThrough: false });
    const result = { data: { posted: { __typename: 'Post', id: '1', seed: 'abc' } } };
    expect(await plan.complete([{ result, after: null }])).toEqual([{ data: { posted: { end: 'end 4' } } }]);
    expect(takeFetches(graph).map(({ subgraph }) => subgraph)).toEqual(['b', 'a', 'b']);
  });

  test('may be the field of an interface', async () => {
    const graph = posts({ inA: 'implements Ranked' });
    expect(await graph.run('{ ranked { byRank ... on Post { end } } post { end } }')).toEqual({
      data: { ranked: { byRank: 3, end: 'end 3' }, post: { end: 'end 3' } },
    });
  });

  test('may be taken over from another subgraph', async () => {
    const graph = posts({
      ofRank: '@override(from: "c")',
      others: {
        c: {
          typeDefs: 'type Post @key(fields: "id") { id: ID! byRank: Int }',
          resolvers: { Post: { byRank: () => 30 } },
        },
      },
    });
    expect(await graph.run('{ post { end } }')).toEqual({ data: { post: { end: 'end 3' } } });
  });

  test('may be what an interface in between is asked for', async () => {
    const graph = buildGraph({
      a: {
        typeDefs: `
          type Query { shelf: Shelf }
          interface Work { slug: String }
          type Shelf @key(fields: "id") { id: ID! best: Work @external label: String @requires(fields: "best { slug }") }
          type Book implements Work @key(fields: "id") {
            id: ID! title: String @external upper: String @requires(fields: "title") slug: String @external
          }`,
        resolvers: {
          Query: { shelf: () => ({ id: '1' }) },
          Work: { __resolveType: () => 'Book' },
          Book: { upper: ({ title }: { title: string }) => title.toUpperCase() },
          Shelf: { label: ({ best }: { best: { slug?: string } }) => `best: ${best.slug}` },
        },
      },
      b: {
        typeDefs: `
          interface Work { slug: String }
          type Shelf @key(fields: "id") { id: ID! best: Work }
          type Book implements Work @key(fields: "id") {
            id: ID! title: String upper: String @external slug: String @requires(fields: "upper")
          }`,
        resolvers: {
          Shelf: { best: () => ({ __typename: 'Book', id: 'b', title: 't' }) },
          Book: { slug: ({ upper }: { upper?: string }) => `slug ${upper}` },
        },
      },
    });
    expect(await graph.run('{ shelf { label } }')).toEqual({ data: { shelf: { label: 'best: slug T' } } });
  });
});

describe('beside such fields', () => {
  /** `name` is a field of posts like any other, and the key of users. */
  const named = (name: string, inB = '') =>
    buildGraph({
      a: {
        typeDefs: `
          type Query { post: Post }
          type User @key(fields: "name") { name: String! }
          type Post @key(fields: "id") {
            id: ID! seed: String byName: String @external byRank: Int @requires(fields: "byName") ${name}
          }`,
        resolvers: {
          Query: { post: () => ({ id: '1', seed: 'ab' }) },
          Post: {
            byRank: ({ byName }: { byName: string }) => byName.length,
            name: ({ extra }: { extra?: string }) => `of a, with ${extra}`,
          },
        },
      },
      b: {
        typeDefs: `
          type Query { other: Post }
          type Post @key(fields: "id") {
            id: ID! seed: String @external byName: String @requires(fields: "seed") extra: String
            byRank: Int @external end: String @requires(fields: "byRank") ${inB}
          }`,
        resolvers: {
          Query: { other: () => ({ id: '1' }) },
          Post: {
            byName: ({ seed }: { seed: string }) => `${seed}c`,
            extra: () => 'extra',
            name: () => 'of b',
          },
        },
      },
    });

  test('a field that is called like a key of another type is given what it requires', async () => {
    const graph = named('name: String @requires(fields: "extra") extra: String @external');
    expect(await graph.run('{ other { name } }')).toEqual({ data: { other: { name: 'of a, with extra' } } });
  });

  test('a field that is called like a key of another type may be taken over', async () => {
    const graph = named('name: String', 'name: String @override(from: "a", label: "on")');
    expect(await graph.run('{ post { byRank name } }')).toEqual({
      data: { post: { byRank: 3, name: 'of b' } },
    });
  });

  test('an object that lacks what a neighbour requires gets what requires less', async () => {
    const graph = buildGraph({
      a: {
        typeDefs: `
          type Query { all: [Shelf] }
          interface Shelf { best: Post }
          type Old implements Shelf { best: Post } type New implements Shelf { best: Post }
          type Post @key(fields: "id") {
            id: ID! seed: String more: String byName: String @external byRank: Int @requires(fields: "byName")
          }`,
        resolvers: {
          Query: {
            all: () => ['Old', 'New'].map((kind) => ({ kind, best: { id: kind, seed: kind, more: 'more' } })),
          },
          Shelf: { __resolveType: ({ kind }: { kind: string }) => kind },
          Post: { byRank: ({ byName }: { byName: string }) => byName.length },
        },
      },
      b: {
        typeDefs: `
          type Post @key(fields: "id") {
            id: ID! seed: String @external more: String @external byRank: Int @external
            byName: String @requires(fields: "seed") byBoth: String @requires(fields: "seed more")
            end: String @requires(fields: "byRank") last: String @requires(fields: "byRank byOther") byOther: Int @external
          }`,
        resolvers: {
          Post: {
            byName: ({ seed }: { seed: string }) => `${seed}c`,
            byBoth: ({ seed, more }: { seed: string; more: string }) => seed + more,
          },
        },
      },
      c: {
        typeDefs: `type Post @key(fields: "id") { id: ID! byBoth: String @external byOther: Int @requires(fields: "byBoth") }`,
      },
    });
    expect(await graph.run('{ all { best { byName } ... on New { best { byBoth } } } }')).toEqual({
      data: { all: [{ best: { byName: 'Oldc' } }, { best: { byName: 'Newc', byBoth: 'Newmore' } }] },
    });
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
