import { describe, expect, test } from 'vitest';
import { buildGraph } from '../graph.ts';
import { randomOperations } from '../random-operations.ts';
import { Ways } from './ways.ts';

/** Interfaces and unions, some of whose types only one subgraph has, and an interface object. */
const graph = buildGraph({
  works: {
    typeDefs: `
      enum Size { SMALL LARGE HUGE @inaccessible }
      interface Named { name: String }
      interface Work implements Named @key(fields: "id") { id: ID! name: String maker: Maker next: Work }
      union Thing = Book | Film | Box
      type Query { works(first: Int): [Work] work: Work! things: [Thing] shelves: [[Thing!]] named: Named books: [Book!] thing: Thing }
      type Book implements Work & Named @key(fields: "id") {
        id: ID! name: String maker: Maker next: Work pages: Int! size: Size tags: [String!] about: [Thing!]
      }
      type Film implements Work & Named @key(fields: "id") {
        id: ID! name: String maker: Maker next: Work minutes: Float cast: [Maker!] sequel: Film
      }
      type Box implements Named { name: String width: Int! things: [Thing] lid: Named }
      type Maker implements Named @key(fields: "country code") { country: String! code: Int! name: String best: Work }`,
  },
  reviews: {
    typeDefs: `
      type Query { reviewed: [Work!] }
      type Work @key(fields: "id") @interfaceObject { id: ID! stars(first: Int): Int reviews: [Review!] }
      type Review @key(fields: "id") { id: ID! text: String by: Maker about: Work }
      type Maker @key(fields: "country code") { country: String! code: Int! rating: Float! }`,
  },
  prices: {
    typeDefs: `
      interface Sellable { price: Float }
      union Offer = Book | Voucher
      type Query { cheapest: Sellable offers: [Offer!]! }
      type Voucher { code: String! for: Sellable }
      type Book implements Sellable @key(fields: "id") {
        id: ID! price: Float offer: Offer! pages: Int! @external name: String @external weight(unit: String): Float @external
        perPage: Float @requires(fields: "pages") slogan: String @requires(fields: "name pages") fee: Float! @requires(fields: "weight(unit: \\"kg\\")")
      }
      type Film implements Sellable @key(fields: "id") { id: ID! price: Float weight(unit: String): Float @external fee: Float! @requires(fields: "weight(unit: \\"kg\\")") }`,
  },
  stock: {
    typeDefs: `
      type Query { stocked: [Stocked] }
      interface Stocked { stock: Int! place: Place }
      type Book implements Stocked @key(fields: "id") { id: ID! stock: Int! place: Place weight(unit: String): Float }
      type Film implements Stocked @key(fields: "id") { id: ID! stock: Int! place: Place weight(unit: String): Float }
      type Place @key(fields: "id") { id: ID! label: String! }`,
  },
});
const ways = new Ways(graph);
const operations = randomOperations(graph.generation.apiSchema, {
  values: { first: ['1', '3', '$n'], unit: ['"kg"', '"lb"'] },
  aliases: ['id', 'name', 'pages', 'maker', '__typename', '__proto__', 'constructor', '_entities', 'weight'],
});

describe.each([
  ['as they should be', 0, 100],
  ['of which a third is spoilt', 33, 50],
  ['all of them spoilt', 100, 0],
])('from text to text with abstract types, answers %s', (_, spoil, leastAsText) => {
  test('random operations answer and ask as they do by values', async () => {
    // Otherwise values would be compared with values.
    expect(await ways.compareAll(operations, spoil)).toBeGreaterThanOrEqual(leastAsText);
  });
});

test.each([
  '{ works { name __typename } }',
  '{ works { kind: __typename ... on Book { pages maker { name rating } } ... on Film { minutes maker { name rating } } } }',
  '{ work { maker { rating } next { next { name maker { name } } } } }',
  '{ works { stars next { stars } } }',
  '{ things { __typename ... on Book { id pages } ... on Box { name width things { ... on Film { minutes } } lid { name } } } }',
  '{ shelves { ... on Named { name } ... on Work { reviews { text by { name } } } } }',
  '{ things { ... on Work { ...W next { ...W } } } } fragment W on Work { id ... on Book { pages size } maker { name } }',
  '{ books { offer { ... on Book { name pages } ... on Voucher { code for { price } } } } }',
  '{ cheapest { price ... on Book { name maker { name } } ... on Film { name maker { rating } } } }',
  '{ works { ... on Book { perPage slogan fee } ... on Film { fee stock } } }',
  '{ stocked { stock place { label } ... on Book { name slogan } } }',
])('%s goes from text to text', async (query) => {
  // What the API schema hides, what is written with an exponent, and an id that two types share go the other way.
  expect(await ways.compareSeeds(query, 40)).toBeGreaterThanOrEqual(10);
});

test('an operation whose objects could be too many things, or have too many fields, is run on values', async () => {
  const types = Array.from({ length: 60 }, (_, index) => `T${index}`);
  const many = new Ways(
    buildGraph({
      nodes: {
        typeDefs: `type Query { node: Node! } interface Node { id: ID! next: Node! }
          ${types.map((name) => `type ${name} implements Node { id: ID! next: Node! }`).join('\n')}`,
      },
    }),
  );
  const deep = (depth: number, fields = 'id'): string =>
    depth === 0 ? 'id' : `${fields} next { ${deep(depth - 1, fields)} }`;
  expect(await many.compare({ query: `{ node { ${deep(5)} } }`, variables: {} }, 1, 0)).toBe(true);
  expect(await many.compare({ query: `{ node { ${deep(20)} } }`, variables: {} }, 1, 0)).toBe(false);
  const wide = Array.from({ length: 20 }, (_, index) => `a${index}: id`).join(' ');
  expect(await many.compare({ query: `{ node { ${deep(5, wide)} } }`, variables: {} }, 1, 0)).toBe(false);
});
