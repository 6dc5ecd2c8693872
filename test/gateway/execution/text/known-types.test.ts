import { describe, expect, test } from 'vitest';
import { buildGraph } from '../graph.ts';
import { randomOperations } from '../random-operations.ts';
import { Ways } from './ways.ts';

/** Objects of known types, so that most operations can be answered from texts; lists in lists, keys of two fields, a cycle. */
const graph = buildGraph({
  items: {
    typeDefs: `
      scalar Any
      enum Size { SMALL LARGE HUGE @inaccessible }
      type Query { items(first: Int): [Item] one: Item! grid: [[Item!]]! makers: [Maker!] counts: [Int!] size: Size any: Any things: [Thing] }
      type Item @key(fields: "id") { id: ID! name: String size: Size! weight: Float! heft: Float tags: [String] maker: Maker! box: Box any: Any new: Boolean! }
      type Maker @key(fields: "country code") { country: String! code: Int! name: String items(first: Int): [Item!] }
      type Box { width: Int! height: Int lid: Box contents: [Item] }
      union Thing = Item | Box`,
  },
  stock: {
    typeDefs: `
      type Query { stocked(first: Int): [Item!]! }
      type Item @key(fields: "id") { id: ID! stock: Int! place: Place places: [[Place]!] next: Item }
      type Place @key(fields: "id") { id: ID! }
      type Maker @key(fields: "country code") { country: String! code: Int! rating: Float }`,
  },
  places: {
    typeDefs: `
      type Place @key(fields: "id") { id: ID! label: String! near: [Place!]! }
      enum Size { SMALL LARGE HUGE @inaccessible }
      type Item @key(fields: "id") {
        id: ID! weight: Float! @external fee: Float @requires(fields: "weight")
        name: String @external size: Size! @external new: Boolean! @external heft: Float @external
        slogan: String! @requires(fields: "name size") sale: Int @requires(fields: "new name") load: Float @requires(fields: "heft")
      }`,
  },
});

const ways = new Ways(graph);
const operations = randomOperations(graph.generation.apiSchema, {
  values: { first: ['1', '3', '$n'] },
  aliases: [
    'id',
    'name',
    'code',
    'stock',
    'places',
    'maker',
    '__typename',
    '__proto__',
    'constructor',
    '_entities',
    'weight',
    'heft',
  ],
});

describe.each([
  ['as they should be', 0, 40],
  ['of which a third is spoilt', 33, 20],
  ['all of them spoilt', 100, 0],
])('from text to text, answers %s', (_, spoil, leastAsText) => {
  test('random operations answer and ask as they do by values', async () => {
    // Otherwise values would be compared with values.
    expect(await ways.compareAll(operations, spoil)).toBeGreaterThanOrEqual(leastAsText);
  });
});

test.each([
  '{ items { id name stock } }',
  '{ items { id: name name: id stock __typename: weight } }',
  '{ one { maker { items { stock } rating } } }',
  '{ one { fee slogan sale load weight } }',
  '{ one { weight: fee size heft: sale } }',
  '{ stocked(first: 2) { place { label } next { stock name } } }',
  '{ grid { places { label near { label } } } }',
])('%s goes from text to text', async (query) => {
  // What the API schema hides, and what is written with an exponent, goes the other way.
  expect(await ways.compareSeeds(query, 40)).toBeGreaterThanOrEqual(8);
});
