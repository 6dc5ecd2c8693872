import { type ConstDirectiveNode, type DocumentNode, isTypeDefinitionNode, Kind, parse } from 'graphql';
import { expect, test } from 'vitest';
import { splitSubgraphs } from '../../../gateway/generation/split-subgraphs.ts';
import { subgraphNames } from '../../../gateway/generation/supergraph-document.ts';
import { buildGraph, takeFetches } from '../execution/graph.ts';

/** `end` (b) takes `rank` (a), which takes `name` (b). What `best` and `found` return is of every kind. */
const posts = () =>
  buildGraph({
    a: {
      typeDefs: `
        type Query { post: Post far: Far }
        type Far { of: [Far] way: Way }
        enum Way { UP DOWN }
        enum Order { FIRST LAST }
        input Where { order: Order under: Where }
        scalar Day
        interface Face { day: Day mate: Face }
        union Hit = Post | Note | Page
        type Note implements Face { day: Day mate: Face text: String }
        type Page implements Face @key(fields: "number book { title }") { number: Int book: Book day: Day mate: Face }
        type Book { title: String pages: [Page] }
        type Post @key(fields: "id") {
          id: ID! name: String @external far: Far
          rank: Int @requires(fields: "name")
          best(where: Where): Face @requires(fields: "name")
          found(order: Order = FIRST): [Hit] @requires(fields: "name")
        }`,
      resolvers: {
        Query: { post: () => ({ id: '1' }) },
        Face: { __resolveType: ({ text }: { text?: string }) => (text === undefined ? 'Page' : 'Note') },
        Hit: {
          __resolveType: (hit: { id?: string; text?: string }) =>
            hit.id ? 'Post' : hit.text ? 'Note' : 'Page',
        },
        Post: {
          rank: ({ name }: { name: string }) => name.length,
          best: ({ name }: { name: string }, { where }: { where?: { order: string } }) => ({
            text: `${name} ${where?.order}`,
            day: 'today',
            mate: page,
          }),
          found: (post: { id: string; name: string }) => [{ id: '2' }, { text: post.name }, page],
        },
      },
    },
    b: {
      typeDefs: `
        scalar Day
        enum Order { FIRST LAST }
        input Where { order: Order under: Where }
        interface Face { day: Day }
        type Page implements Face @key(fields: "number book { title }") {
          number: Int @external book: Book @external words: Int day: Day @external
        }
        type Note implements Face { day: Day @external }
        type Book { title: String @external }
        type Post @key(fields: "id") {
          id: ID! seed: String @external name: String @requires(fields: "seed")
          rank: Int @external best(where: Where): Face @external
          end: String @requires(fields: "rank best { day }")
        }`,
      resolvers: {
        Face: { __resolveType: () => 'Note' },
        Page: { words: ({ number, book }: typeof page) => number * book.title.length },
        Post: {
          name: ({ id, seed }: { id: string; seed: string }) => `${seed} ${id}`,
          end: ({ rank, best }: { rank: number; best: { day: string } }) => `end ${rank} ${best.day}`,
        },
      },
    },
    c: {
      typeDefs: 'type Post @key(fields: "id") { id: ID! seed: String }',
      resolvers: { Post: { seed: () => 'seed' } },
    },
  });
const page = { number: 7, book: { title: 'abc' }, day: 'then' };

test('what a field of a chain returns comes with it, of whatever type it is', async () => {
  const graph = posts();
  const query = `query($where: Where) { post {
    end
    best(where: $where) { day mate { day ... on Page { number words } } ... on Note { text } }
    found { ... on Post { id name } ... on Note { text } ... on Page { number words book { title } } }
  } }`;
  const { data, errors } = await graph.run(query, { variables: { where: { order: 'LAST', under: {} } } });
  expect(errors).toBeUndefined();
  expect(data).toEqual({
    post: {
      end: 'end 6 today',
      best: { day: 'today', mate: { day: 'then', number: 7, words: 21 }, text: 'seed 1 LAST' },
      found: [
        { id: '2', name: 'seed 2' },
        { text: 'seed 1' },
        { number: 7, words: 21, book: { title: 'abc' } },
      ],
    },
  });
  expect(takeFetches(graph).every(({ subgraph }) => 'abc'.includes(subgraph))).toBe(true);
});

const graphOf = (directive: ConstDirectiveNode): string =>
  directive.arguments?.map(({ value }) => (value.kind === Kind.ENUM ? value.value : '')).join('') ?? '';

const typesIn = ({ definitions }: DocumentNode, graph: string): readonly string[] =>
  definitions
    .filter(isTypeDefinitionNode)
    .flatMap(({ name, directives = [] }) =>
      directives.some((each) => each.name.value === 'join__type' && graphOf(each) === graph)
        ? name.value
        : [],
    );

test('a copy of a subgraph has what its fields need, and nothing else', () => {
  const document = parse(posts().supergraphSdl);
  const split = splitSubgraphs(document).supergraph;
  expect(typesIn(document, 'A')).toContain('Far');
  expect(typesIn(split, 'B__1')).toEqual(['Post', 'Query']);
  expect(typesIn(split, 'A__2')).toContain('Page');
  expect(typesIn(split, 'A__2')).not.toContain('Far');
});

test('beyond so many types there are no more copies', () => {
  const document = parse(posts().supergraphSdl);
  const graphs = (most?: number): number => subgraphNames(splitSubgraphs(document, most).supergraph).size;
  expect(graphs(0)).toBe(3);
  expect(graphs(14)).toBeGreaterThan(3);
  expect(graphs(14)).toBeLessThan(graphs());
});

test('a supergraph of federation 1 has no copies: its fields say otherwise where they are', () => {
  const owner = 'directive @join__owner(graph: join__Graph!) on OBJECT | INTERFACE';
  const document = parse(`${posts().supergraphSdl} ${owner}`);
  expect(splitSubgraphs(document).supergraph).toBe(document);
});
