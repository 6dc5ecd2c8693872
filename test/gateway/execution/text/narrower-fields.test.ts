import { expect, test } from 'vitest';
import { buildGraph } from '../graph.ts';
import { Ways } from './ways.ts';

/** Types whose fields are narrower than their interface's, or must not be null where its may: one path, many kinds of places. */
const graph = buildGraph({
  works: {
    typeDefs: `
      interface Node { id: ID! }
      interface Work implements Node { id: ID! mate: Node next: Work name: String }
      union Thing = Book | Film | Note
      type Query { works: [Work!]! node: Node things: [[[Thing!]!]] book: Book }
      type Book implements Work & Node @key(fields: "id") { id: ID! mate: Node next: Book! name: String! things: [Thing] }
      type Film implements Work & Node @key(fields: "id") { id: ID! mate: Book next: Work name: String things: [[Thing!]] }
      type Note implements Node @key(fields: "id name") { id: ID! name: String mate: Film }`,
  },
  origins: {
    typeDefs: `
      union Origin = Book | Film | Place
      interface Rated { rating: Float! kin: Rated }
      type Query { rated: [Rated] }
      type Place { label: String of: Origin }
      type Book implements Rated @key(fields: "id") {
        id: ID! rating: Float! kin: Rated! origin: Origin name: String! @external slogan: String @requires(fields: "name")
      }
      type Film implements Rated @key(fields: "id") { id: ID! rating: Float! kin: Book origin: [Origin!] }
      type Note @key(fields: "id name") { id: ID! name: String origin: Origin! }`,
  },
  owners: {
    typeDefs: `
      union Own = Book | Film | Owner
      type Owner @key(fields: "mail") { mail: String! owns: [Own!] }
      type Book @key(fields: "id") { id: ID! owner: Owner from: [Own] }
      type Film @key(fields: "id") { id: ID! owner: Owner! from: Own }`,
  },
});
const ways = new Ways(graph);

test.each([
  '{ works { mate { ... on Book { origin { ... on Book { name } } } } } }',
  '{ works { mate { ... on Book { slogan from { __typename ... on Owner { mail } } } ... on Film { one: from { ... on Book { rating } } } } } }',
  '{ works { next { mate { ... on Book { owner { owns { ... on Film { next { name } } } } kin { rating } } } } } }',
  '{ node { ... on Work { mate { ... on Film { rating owner { mail } } ... on Note { mate { rating kin { kin { rating } } } } } } } }',
])('%s goes from text to text', async (query) => {
  // An id that two types share goes the other way.
  expect(await ways.compareSeeds(query, 60)).toBeGreaterThanOrEqual(20);
});
