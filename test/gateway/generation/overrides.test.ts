import { expect, test } from 'vitest';
import { chooseOverrides } from '../../../gateway/generation/overrides.ts';
import { buildGraph } from '../execution/graph.ts';

const graph = (label: string) =>
  buildGraph({
    a: {
      typeDefs: 'type Query { it: It } type It @key(fields: "id") { id: ID! value: String }',
      resolvers: { Query: { it: () => ({ id: '1', value: 'old' }) } },
    },
    b: {
      typeDefs: `type It @key(fields: "id") { id: ID! value: String @override(from: "a", label: "${label}") }`,
      resolvers: { It: { value: () => 'new' } },
    },
  });

test.each([
  ['percent(100)', 'new'],
  ['percent(0)', 'old'],
  ['on', 'new'],
  ['off', 'old'],
])('a progressive override with the label %s answers the %s value', async (label, value) => {
  expect((await graph(label).run('{ it { value } }')).data).toEqual({ it: { value } });
});

test('a percentage is drawn for each request', () => {
  const drawn = [0.1, 0.24, 0.25, 0.9].map((number) =>
    chooseOverrides(['percent(25)'], undefined, () => number),
  );
  expect(drawn.map((overrides) => overrides.get('percent(25)'))).toEqual([true, true, false, false]);
});
