import { isUtf8 } from 'node:buffer';
import fc from 'fast-check';
import { type ExecutionResult, parse, validate } from 'graphql';
import { describe, expect, test } from 'vitest';
import type { Fetcher, SubgraphRequest } from '../../../gateway/execution/fetcher.ts';
import { createGeneration } from '../../../gateway/generation/generation.ts';
import { TributaryError } from '../../../schema/errors.ts';
import { buildGraph } from './graph.ts';
import { drawFrom, randomAnswer, spoils } from './random-answers.ts';
import { type RandomOperation, randomOperations } from './random-operations.ts';

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

interface Ran {
  readonly result: ExecutionResult | string;
  /** Requests, sorted: those of a parallel node begin in any order. */
  readonly asked: readonly string[];
}

/** Answers a fetch. */
let answer: (subgraph: string, request: SubgraphRequest) => Promise<Buffer>;

const read = (bytes: Buffer): ExecutionResult => {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    throw new TributaryError('SUBGRAPH_FAILED', 'It answers with no JSON.');
  }
};

const onValues: Fetcher = { fetch: async ({ name }, request) => read(await answer(name, request)) };
const onText: Fetcher = {
  ...onValues,
  fetchBytes: async ({ name }, request, _, scan) => {
    const bytes = await answer(name, request);
    return scan(bytes) ?? read(bytes);
  },
};
const { supergraphSdl } = graph;
const ways = {
  values: createGeneration({ supergraphSdl, fetcher: onValues }),
  text: createGeneration({ supergraphSdl, fetcher: onText }),
};

/** Answers by what is asked and by `seed`; `spoil` says how many in a hundred answers are spoilt, or fail. */
const run = async (
  { query, variables }: RandomOperation,
  seed: number,
  spoil: number,
  way: keyof typeof ways,
): Promise<Ran> => {
  const asked: string[] = [];
  answer = async (subgraph, request) => {
    const { representations: text } = request;
    const given =
      text === undefined ? request.variables : { ...request.variables, representations: JSON.parse(text) };
    const key = `${subgraph} ${request.query} ${JSON.stringify(given)}`;
    asked.push(key);
    const pick = drawFrom(`${seed} ${key}`);
    const right = await randomAnswer(graph.schemas.get(subgraph)!, request.query, given, pick);
    if (pick(100) >= spoil) return Buffer.from(right);
    if (pick(30) === 0) throw new TributaryError('SUBGRAPH_UNAVAILABLE', 'It does not answer.');
    const names = Object.keys(spoils);
    const bytes = Buffer.from(spoils[names[pick(names.length)]!]!(right, pick));
    if (pick(20) === 0 && bytes.length > 0) bytes[pick(bytes.length)] = 0xff;
    return bytes;
  };
  const result = await ways[way].executeToText({ document: parse(query), operationName: null, variables });
  return { result, asked: asked.toSorted() };
};

/** Errors sorted: those of parallel fetches come in any order. */
const canonical = ({ result }: Ran): string => {
  const { errors, ...rest }: ExecutionResult =
    typeof result === 'string' ? JSON.parse(Buffer.from(result, 'latin1').toString()) : result;
  return JSON.stringify([rest, errors?.map((error) => JSON.stringify(error)).toSorted()]);
};

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
    let asText = 0;
    await fc.assert(
      fc.asyncProperty(operations, fc.nat(1_000_000), async (operation, seed) => {
        fc.pre(validate(graph.generation.apiSchema, parse(operation.query)).length === 0);
        const byText = await run(operation, seed, spoil, 'text');
        const byValues = await run(operation, seed, spoil, 'values');
        expect(canonical(byText)).toBe(canonical(byValues));
        expect(byText.asked).toEqual(byValues.asked);
        expect(byValues.result).not.toBeTypeOf('string');
        if (typeof byText.result !== 'string') return;
        asText += 1;
        expect(isUtf8(Buffer.from(byText.result, 'latin1'))).toBe(true);
      }),
      {
        numRuns: Number(process.env.TRIBUTARY_RANDOM_RUNS ?? 200),
        seed: Number(process.env.TRIBUTARY_RANDOM_SEED ?? 1) || Date.now(),
      },
    );
    // Otherwise values would be compared with values.
    expect(asText).toBeGreaterThanOrEqual(leastAsText);
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
  expect(validate(graph.generation.apiSchema, parse(query))).toEqual([]);
  const operation = { query, variables: {} };
  let asText = 0;
  for (let seed = 0; seed < 40; seed++) {
    const byText = await run(operation, seed, 0, 'text');
    expect(canonical(byText)).toBe(canonical(await run(operation, seed, 0, 'values')));
    if (typeof byText.result === 'string') asText += 1;
  }
  // What the API schema hides, and what is written with an exponent, goes the other way.
  expect(asText).toBeGreaterThanOrEqual(8);
});
