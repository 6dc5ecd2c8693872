import fc from 'fast-check';
import { buildSchema, getVariableValues, Kind, parse } from 'graphql';
import { expect, test } from 'vitest';
import { plainVariables } from '../../../gateway/generation/plain-variables.ts';

const schema = buildSchema(
  'type Query { a(id: ID, float: Float): Int } enum Colour { RED BLUE } input Where { a: Int } scalar Any',
);
const types = ['ID', 'String', 'Boolean', 'Int', 'Float', 'Colour', 'Where', 'Any'].flatMap((type) => [
  type,
  `${type}!`,
  `[${type}]`,
]);
const values = fc.oneof(
  fc.constantFrom<unknown>('RED', 'text', '1', true, null, undefined, 1, -0, 2 ** 31, 1.5, Number.NaN),
  fc.constantFrom<unknown>(Number.POSITIVE_INFINITY, {}, [], ['RED'], [1], { a: 1 }),
);

const definitionsOf = (query: string) => {
  const [operation] = parse(query).definitions;
  if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error('no operation');
  return operation.variableDefinitions ?? [];
};

test('what is plain, graphql-js accepts and leaves as it is', () => {
  let plain = 0;
  fc.assert(
    fc.property(fc.constantFrom(...types), values, fc.boolean(), (type, value, hasDefault) => {
      const isNullDefault = hasDefault && !type.endsWith('!');
      const definitions = definitionsOf(`query ($v: ${type}${isNullDefault ? ' = null' : ''}) { a }`);
      const variables = value === undefined ? {} : { v: value };
      if (!plainVariables(schema, definitions)(variables)) return;
      plain += 1;
      expect(getVariableValues(schema, definitions, variables)).toEqual({ coerced: variables });
    }),
    { numRuns: 2_000 },
  );
  expect(plain).toBeGreaterThan(100);
});

test('names that every object inherits are not taken for variables', () => {
  const definitions = definitionsOf('query ($constructor: String!) { a }');
  expect(plainVariables(schema, definitions)({})).toBe(false);
});
