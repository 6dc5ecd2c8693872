import { describe, expect, test } from 'vitest';
import { buildGraph, expectAsStock, takeFetches } from './graph.ts';

const typeOf = { __resolveType: ({ kind }: { kind: string }) => kind };

describe('unions and interfaces', () => {
  const graph = () =>
    buildGraph({
      a: {
        typeDefs: `
          type Query { media: [Media] nodes: [Node] @shareable }
          union Media = Book | Film
          interface Node { id: ID! }
          type Book implements Node @key(fields: "id") { id: ID! title: String pages: Int }
          type Film implements Node @key(fields: "id") { id: ID! title: String minutes: Float }
          type Tape implements Node @key(fields: "id") { id: ID! tape: String }`,
        resolvers: {
          Media: typeOf,
          Node: typeOf,
          Query: {
            media: () => [
              { kind: 'Book', id: 'b', title: 'B', pages: 9 },
              { kind: 'Film', id: 'f', title: 'F', minutes: 1.5 },
              null,
            ],
            nodes: () => [
              { kind: 'Book', id: 'b', pages: 9 },
              { kind: 'Tape', id: 't', tape: 'T' },
            ],
          },
        },
      },
      b: {
        typeDefs: `
          type Query { nodes: [Node] @shareable song: Media }
          union Media = Song | Book
          interface Node { id: ID! likes: Int }
          type Book implements Node @key(fields: "id") { id: ID! likes: Int related: [Media!] }
          type Film implements Node @key(fields: "id") { id: ID! likes: Int }
          type Tape implements Node @key(fields: "id") { id: ID! likes: Int }
          type Song { id: ID! tune: String }`,
        resolvers: {
          Media: typeOf,
          Node: typeOf,
          Query: { song: () => ({ kind: 'Song', id: 's', tune: 'la' }) },
          Book: {
            likes: () => 1,
            related: () => [
              { kind: 'Song', tune: 'la' },
              { kind: 'Book', id: 'b2' },
            ],
          },
          Film: { likes: () => 2 },
          Tape: { likes: () => 3 },
        },
      },
    });

  test('a union with other members in each subgraph', async () => {
    await expectAsStock(
      graph(),
      '{ media { __typename ... on Book { title related { ... on Song { tune } ... on Book { likes } } } ... on Film { minutes likes } } }',
    );
    await expectAsStock(
      graph(),
      '{ song { ... on Song { tune } ... on Film { title } ... on Book { title } } }',
    );
  });

  test('fields of an interface, joined for each type', async () => {
    await expectAsStock(graph(), '{ nodes { id likes ... on Tape { tape } ... on Book { pages } } }');
    await expectAsStock(graph(), '{ media { ... on Node { id likes __typename } } }');
  });

  test('one response key for fields of different types', async () => {
    const { data } = await expectAsStock(
      graph(),
      '{ media { ... on Book { size: pages } ... on Film { size: likes } } }',
    );
    expect(data).toEqual({ media: [{ size: 9 }, { size: 2 }, null] });
  });
});

describe('clashing response keys', () => {
  test('the same key with other arguments and types under other types', async () => {
    const graph = buildGraph({
      a: {
        typeDefs: `
          type Query { all: [Thing] }
          union Thing = A | B
          type A @key(fields: "id") { id: ID! value(unit: String): String nested: In }
          type B @key(fields: "id") { id: ID! value(unit: String): String nested: Out }
          type In { x: String } type Out { x: String }`,
        resolvers: {
          Thing: typeOf,
          Query: {
            all: () => [
              { kind: 'A', id: '1' },
              { kind: 'B', id: '2' },
            ],
          },
          A: { value: (_: unknown, { unit }: { unit: string }) => `A${unit}`, nested: () => ({ x: 'in' }) },
          B: { value: (_: unknown, { unit }: { unit: string }) => `B${unit}`, nested: () => ({ x: null }) },
        },
      },
      b: {
        typeDefs:
          'type A @key(fields: "id") { id: ID! late: Int } type B @key(fields: "id") { id: ID! late: Int! }',
        resolvers: { A: { late: () => 1 }, B: { late: () => 2 } },
      },
    });
    await expectAsStock(
      graph,
      '{ all { ... on A { v: value(unit: "m") } ... on B { v: value(unit: "k") l: late } } }',
    );
    await expectAsStock(
      graph,
      '{ all { ... on A { n: nested { y: x } } ... on B { n: nested { y: x } id } } }',
    );
  });
});

describe('@interfaceObject', () => {
  const graph = () =>
    buildGraph({
      media: {
        typeDefs: `
          type Query { media: [Media!] book: Book }
          interface Media @key(fields: "id") { id: ID! title: String }
          type Book implements Media @key(fields: "id") { id: ID! title: String pages: Int }
          type Film implements Media @key(fields: "id") { id: ID! title: String minutes: Int }`,
        resolvers: {
          Media: { ...typeOf, __resolveReference: ({ id }: { id: string }) => medium(id) },
          Query: { media: () => [medium('b'), medium('f')], book: () => medium('b') },
          Book: { __resolveReference: ({ id }: { id: string }) => medium(id) },
          Film: { __resolveReference: ({ id }: { id: string }) => medium(id) },
        },
      },
      reviews: {
        typeDefs: `
          type Query { reviewed: [Media] }
          type Media @key(fields: "id") @interfaceObject { id: ID! stars: Int reviews: [Review] }
          type Review { text: String }`,
        resolvers: {
          Query: { reviewed: () => [{ id: 'f' }, { id: 'b' }] },
          Media: { stars: ({ id }: { id: string }) => id.charCodeAt(0), reviews: () => [{ text: 'ok' }] },
        },
      },
    });
  const medium = (id: string) =>
    id === 'b' ? { kind: 'Book', id, title: 'B', pages: 3 } : { kind: 'Film', id, title: 'F', minutes: 90 };

  test('fields that another subgraph adds to all implementations', async () => {
    await expectAsStock(graph(), '{ media { __typename id stars reviews { text } ... on Book { pages } } }');
    await expectAsStock(graph(), '{ book { title stars } }');
    await expectAsStock(graph(), '{ media { ... on Film { stars minutes } } }');
  });

  test('objects that come from the subgraph that knows only the interface', async () => {
    await expectAsStock(graph(), '{ reviewed { id stars } }');
    await expectAsStock(graph(), '{ reviewed { __typename title stars ... on Film { minutes } } }');
    await expectAsStock(graph(), '{ reviewed { ... on Book { pages stars } } }');
  });

  test('the real type stays when the other subgraph answers last', async () => {
    const it = graph();
    const { data } = await it.run('{ media { stars __typename ... on Book { pages } } }');
    expect(data).toEqual({
      media: [
        { stars: 98, __typename: 'Book', pages: 3 },
        { stars: 102, __typename: 'Film' },
      ],
    });
    expect(takeFetches(it).at(-1)?.request.variables.representations).toEqual([
      { __typename: 'Media', id: 'b' },
      { __typename: 'Media', id: 'f' },
    ]);
  });
});
