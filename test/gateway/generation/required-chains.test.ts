import { expect, test } from 'vitest';
import { buildGraph, type SubgraphSource } from '../execution/graph.ts';
import { drawFrom, type Pick } from '../execution/random-answers.ts';

/** A field of the entity; its value tells what it was computed from. */
interface Field {
  readonly name: string;
  readonly graph: string;
  readonly type: 'String' | 'Text' | 'Other';
  readonly requires: readonly Field[];
}

const below = { String: '', Text: ' { text }', Other: ' { id }' };

/** Each takes up to two of the fields before it, of other subgraphs. */
function drawFields(graphs: readonly string[], pick: Pick): Field[] {
  const fields: Field[] = [];
  for (let index = 0; index < 8; index++) {
    const graph = graphs[pick(graphs.length)] ?? 'a';
    const others = fields.filter((field) => field.graph !== graph).slice(-3);
    const requires = new Set<Field>();
    for (let count = pick(3); count > 0; count--) {
      const field = others[pick(Math.max(others.length, 1))];
      if (field !== undefined) requires.add(field);
    }
    const type = (['String', 'String', 'Text', 'Other'] as const)[pick(4)] ?? 'String';
    fields.push({ name: `f${index}`, graph, type, requires: [...requires] });
  }
  return fields;
}

const expected = ({ name, requires }: Field): string => `${name}(${requires.map(expected).join()})`;
const wrapped = ({ type }: Field, text: string | undefined): unknown =>
  ({ String: text, Text: { text }, Other: { id: text } })[type];
const given = (value: unknown): unknown =>
  typeof value === 'object' && value !== null ? Object.values(value).find((each) => each !== 'Other') : value;

function sourceOf(graph: string, fields: readonly Field[], root: string): SubgraphSource {
  const own = fields.filter((field) => field.graph === graph);
  const taken = new Set(own.flatMap(({ requires }) => requires));
  const typeDefs = `
    type Query { ${graph === root ? 'all: [Entity!]!' : ''} ${graph}: Int }
    type Text @shareable { text: String }
    type Other @key(fields: "id") { id: ID! ${graph === 'a' ? 'label: String' : ''} }
    type Entity @key(fields: "id") { id: ID!
      ${own.map(
        ({ name, type, requires }) =>
          `${name}: ${type} ${requires.length === 0 ? '' : `@requires(fields: "${requires.map((each) => each.name + below[each.type]).join(' ')}")`}`,
      )}
      ${[...taken].map(({ name, type }) => `${name}: ${type} @external`)} }`;
  const resolve = (field: Field) => (entity: Record<string, unknown>) =>
    wrapped(field, `${field.name}(${field.requires.map(({ name }) => given(entity[name])).join()})`);
  return {
    typeDefs,
    resolvers: {
      Query: { all: () => [{ id: '1' }, { id: '2' }] },
      Other: { label: ({ id }: { id: string }) => `label of ${id}` },
      Entity: Object.fromEntries(own.map((field) => [field.name, resolve(field)])),
    },
  };
}

test('fields that are required in chains, drawn at random, are computed from what they require', async () => {
  const graphs = Number(process.env.TRIBUTARY_RANDOM_RUNS ?? 30);
  for (let seed = 0; seed < graphs; seed++) {
    const pick = drawFrom(`chains ${seed}`);
    const names = ['a', 'b', 'c'].slice(0, 2 + pick(2));
    const fields = drawFields(names, pick);
    const root = names[pick(names.length)] ?? 'a';
    const graph = buildGraph(Object.fromEntries(names.map((name) => [name, sourceOf(name, fields, root)])));
    for (let count = 0; count < 5; count++) {
      const chosen = fields.filter((_, index) => index === 7 || pick(3) === 0);
      const selected = chosen.map(({ name, type }) =>
        type === 'Other' ? `${name} { id label }` : name + below[type],
      );
      const entity = Object.fromEntries(
        chosen.map((field) => {
          const text = expected(field);
          const value =
            field.type === 'Other' ? { id: text, label: `label of ${text}` } : wrapped(field, text);
          return [field.name, value];
        }),
      );
      const result = await graph.run(`{ all { ${selected.join(' ')} } }`);
      expect(JSON.parse(JSON.stringify(result)), graph.supergraphSdl).toEqual({
        data: { all: [entity, entity] },
      });
      expect(graph.fetched.every(({ subgraph }) => names.includes(subgraph))).toBe(true);
    }
  }
});
