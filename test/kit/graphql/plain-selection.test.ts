import fc from 'fast-check';
import { buildSchema, type ExecutionResult, execute, GraphQLObjectType, parse, validate } from 'graphql';
import { describe, expect, test } from 'vitest';
import { compilePlain } from '../../../subgraphs/kit/graphql/plain-selection.ts';

const schema = buildSchema(`
  enum Colour { RED GREEN }
  type Query { tick: Tick }
  type Subscription { ticks(key: ID): Tick changes: Change! }
  type Change { kind: Colour key: ID tick: Tick }
  interface Named { name: String }
  type Place implements Named { name: String at: [Float!]! tags: [[String]!] }
  type Tick {
    id: ID! count: Int text: String! colour: Colour done: Boolean
    place: Place places: [Place!] named: Named sized(size: Int): String product: Place
  }
`);
const tick = schema.getType('Tick');
if (!(tick instanceof GraphQLObjectType)) throw new Error('no Tick');
// As of an entity that another subgraph owns.
const { product } = tick.getFields();
if (product !== undefined) product.resolve = () => ({ name: 'resolved' });

const written = (result: ExecutionResult): string => JSON.stringify(result);
const full = (query: string, rootValue: unknown, variableValues = {}): ExecutionResult =>
  execute({ schema, document: parse(query), rootValue, variableValues }) as ExecutionResult;

/** Fits its type more often than not. */
const value = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('RED', 'x', 1, true, 2.5) },
  { weight: 1, arbitrary: fc.constantFrom(null, undefined, Number.NaN, 2 ** 40, [], {}, 'BLUE') },
);
const place = fc.record(
  { name: value, at: fc.oneof(fc.array(value, { maxLength: 3 }), value), tags: fc.array(fc.array(value)) },
  { requiredKeys: [] },
);
const row = fc.record({
  ...{ id: value, count: value, text: value, colour: value, done: value },
  place: fc.oneof(place, value),
  places: fc.oneof(fc.array(fc.oneof(place, value), { maxLength: 3 }), value),
});
const selections = fc.subarray(
  [
    'id',
    'count',
    'text',
    'colour',
    'done',
    'other: text',
    '__typename',
    'place { at name tags kind: __typename }',
    'places { name at }',
  ],
  { minLength: 1 },
);

describe('a plain selection', () => {
  test('has the results of graphql-js, or leaves them to it', () => {
    let plain = 0;
    let left = 0;
    fc.assert(
      fc.property(selections, fc.oneof(row, value), (fields, ticks) => {
        const query = `subscription { all: ticks { ${fields.join(' ')} } }`;
        expect(validate(schema, parse(query))).toEqual([]);
        const run = compilePlain(schema, parse(query), null);
        const data = run?.(ticks);
        const expected = full(query, { ticks });
        if (data === null) left += 1;
        else plain += 1;
        if (data === null) return;
        expect(written({ data: data ?? null })).toBe(written(expected));
      }),
      { numRuns: 2_000 },
    );
    expect([plain > 100, left > 100]).toEqual([true, true]);
  });

  test('of a change, with a root field that must not be null', () => {
    const query = 'subscription { changes { kind key tick { id } } }';
    const run = compilePlain(schema, parse(query), null);
    const change = { kind: 'RED', key: 'a', tick: { id: 1 } };
    expect(run?.(change)).toEqual({ changes: { kind: 'RED', key: 'a', tick: { id: '1' } } });
    expect(run?.(null)).toBeNull();
  });

  test.each([
    ['a method', { tick: () => ({ id: 1 }) }],
    ['a promise', { tick: Promise.resolve({ id: 1 }) }],
    ['a promise in a list', { tick: { id: 1, places: [Promise.resolve(null)] } }],
    ['a method of a leaf', { key: () => 'a' }],
  ])('leaves %s to graphql-js', (_name, change) => {
    const run = compilePlain(
      schema,
      parse('subscription { changes { key tick { id places { name } } } }'),
      null,
    );
    expect(run?.(change)).toBeNull();
  });

  test.each([
    'subscription { ticks { product { name } } }',
    'subscription { ticks { sized(size: 3) } }',
    'subscription { ticks { sized } }',
    'subscription { ticks { named { name } } }',
    'subscription { ticks { ... on Tick { id } } }',
    'subscription { ticks { ...F } } fragment F on Tick { id }',
    'subscription { ticks { id @skip(if: false) } }',
    'subscription { ticks @include(if: true) { id } }',
    'subscription { ticks { place { name } place { at } } }',
    'subscription { ticks { __proto__: id } }',
    'subscription { __proto__: ticks { id } }',
    'subscription { ...F } fragment F on Subscription { ticks { id } }',
    '{ tick { id } }',
  ])('is not: %s', (query) => {
    expect(compilePlain(schema, parse(query), null)).toBeNull();
  });

  test('of the operation that is named', () => {
    const document = parse('subscription A { ticks { id } } subscription B { ticks { text } }');
    expect(compilePlain(schema, document, 'B')?.({ id: 1, text: 'b' })).toEqual({ ticks: { text: 'b' } });
    expect(compilePlain(schema, document, null)).toBeNull();
  });
});
