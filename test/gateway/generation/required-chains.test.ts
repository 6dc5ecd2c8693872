import { expect, test } from 'vitest';
import { buildGraph, type SubgraphSource } from '../execution/graph.ts';
import { drawFrom, type Pick } from '../execution/random-answers.ts';

type Type = 'String' | 'Text' | 'Other' | 'List' | 'Scaled';

/** A field of the entity; its value tells what it was computed from. */
interface Field {
  readonly name: string;
  readonly graph: string;
  readonly type: Type;
  readonly requires: readonly Field[];
}

const definitions: Readonly<Record<Type, string>> = {
  String: ': String',
  Text: ': Text',
  Other: ': Other',
  List: ': [String]',
  Scaled: '(by: Int = 1): String',
};
/** As a client selects it, and as a `@requires` does. */
const selected = { String: '', Text: ' { text }', Other: ' { id label }', List: '', Scaled: '(by: 2)' };
/** By what it is scaled where it is required; 1 is what it is without an argument. */
const requiredBy = ({ name }: Field): number => (Number(name.slice(1)) % 2 === 0 ? 1 : 3);
const required = (field: Field): string => {
  const below = { ...selected, Other: ' { id }', Scaled: requiredBy(field) === 1 ? '' : '(by: 3)' };
  return field.name + below[field.type];
};
const types = ['String', 'String', 'Text', 'Other', 'List', 'Scaled'] as const;

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
    const type = types[pick(types.length)] ?? 'String';
    fields.push({ name: `f${index}`, graph, type, requires: [...requires] });
  }
  return fields;
}

const textOf = ({ name, type, requires }: Field, by: number): string =>
  `${name}${type === 'Scaled' ? ` by ${by}` : ''}(${requires.map((each) => textOf(each, requiredBy(each))).join()})`;
const wrapped = ({ type }: Field, text: string): unknown =>
  ({ String: text, Text: { text }, Other: { id: text }, List: [text, text], Scaled: text })[type];
const answerTo = (field: Field): unknown => {
  const text = textOf(field, 2);
  return field.type === 'Other' ? { id: text, label: `label of ${text}` } : wrapped(field, text);
};
const given = (value: unknown): unknown => {
  if (Array.isArray(value)) return value[1];
  return typeof value === 'object' && value !== null
    ? Object.values(value).find((each) => each !== 'Other')
    : value;
};

/** A subgraph, with things beside the fields that must not change what they are computed from. */
interface Drawn {
  readonly name: string;
  /** Others have the entity by a nested key too. */
  readonly hasCode: boolean;
  /** Own fields that are an interface's as well. */
  readonly ofInterface: readonly Field[];
  /** Names that are keys of another type here. */
  readonly keys: readonly string[];
}

const drawGraph = (name: string, fields: readonly Field[], pick: Pick): Drawn => ({
  name,
  hasCode: pick(2) === 0,
  ofInterface: fields.filter((field) => field.graph === name && pick(3) === 0),
  keys: fields.filter(() => pick(4) === 0).map((field) => field.name),
});

function sourceOf(drawn: Drawn, fields: readonly Field[], root: string): SubgraphSource {
  const { name: graph, hasCode, ofInterface, keys } = drawn;
  const own = fields.filter((field) => field.graph === graph);
  const taken = new Set(own.flatMap(({ requires }) => requires));
  const defined = ({ name, type }: Field): string => name + definitions[type];
  const face = ofInterface.length === 0 ? '' : `Face_${graph}`;
  const typeDefs = `
    type Query { ${graph === root ? 'all: [Entity!]!' : ''} ${graph}: Int ${face && `${face}: ${face}`} }
    type Text @shareable { text: String }
    type Code @shareable { n: Int }
    type Other @key(fields: "id") { id: ID! ${graph === 'a' ? 'label: String' : ''} }
    ${keys.length === 0 ? '' : `type Key_${graph} @key(fields: "${keys.join(' ')}") { ${keys.map((key) => `${key}: Int`).join(' ')} }`}
    ${face && `interface ${face} { ${ofInterface.map(defined).join(' ')} }`}
    type Entity ${face && `implements ${face}`} @key(fields: "id") ${hasCode ? '@key(fields: "code { n }")' : ''} {
      id: ID! ${hasCode ? 'code: Code @shareable' : ''}
      ${own.map(
        (field) =>
          `${defined(field)} ${field.requires.length === 0 ? '' : `@requires(fields: "${field.requires.map(required).join(' ')}")`}`,
      )}
      ${[...taken].map((field) => `${defined(field)} @external`)} }`;
  const resolve = (field: Field) => (entity: Record<string, unknown>, args: { by?: number }) => {
    const inputs = field.requires.map(({ name }) => given(entity[name])).join();
    return wrapped(field, `${field.name}${field.type === 'Scaled' ? ` by ${args.by}` : ''}(${inputs})`);
  };
  const entity = { __typename: 'Entity', id: '1', code: { n: 1 } };
  return {
    typeDefs,
    resolvers: {
      Query: { all: () => [entity, entity], ...(face && { [face]: () => entity }) },
      Other: { label: ({ id }: { id: string }) => `label of ${id}` },
      Entity: {
        ...(hasCode && { code: () => ({ n: 1 }) }),
        ...Object.fromEntries(own.map((field) => [field.name, resolve(field)])),
      },
    },
  };
}

test('fields that are required in chains, drawn at random, are computed from what they require', async () => {
  const graphs = Number(process.env.TRIBUTARY_RANDOM_RUNS ?? 30);
  for (let seed = 0; seed < graphs; seed++) {
    const pick = drawFrom(`chains ${seed}`);
    const names = ['a', 'b', 'c'].slice(0, 2 + pick(2));
    const fields = drawFields(names, pick);
    const drawn = names.map((name) => drawGraph(name, fields, pick));
    const root = names[pick(names.length)] ?? 'a';
    const graph = buildGraph(
      Object.fromEntries(drawn.map((each) => [each.name, sourceOf(each, fields, root)])),
    );
    const selection = (chosen: readonly Field[]): string =>
      chosen.map(({ name, type }) => name + selected[type]).join(' ');
    const answers = (chosen: readonly Field[]): object =>
      Object.fromEntries(chosen.map((field) => [field.name, answerTo(field)]));
    const ask = async (query: string, data: unknown): Promise<void> => {
      const result = await graph.run(query);
      expect(JSON.parse(JSON.stringify(result)), `seed ${seed}: ${query}\n${graph.supergraphSdl}`).toEqual({
        data,
      });
      for (const { subgraph, request } of graph.fetched.splice(0)) {
        expect(names).toContain(subgraph);
        // Of an operation without a name, nothing.
        expect(`${request.operationName}`).toMatch(new RegExp(`^(undefined|Q__${subgraph}__\\d+)$`));
      }
    };
    for (let count = 0; count < 5; count++) {
      const chosen = fields.filter((_, index) => index === 7 || pick(3) === 0);
      const entity = answers(chosen);
      await ask(`query Q { all { ${selection(chosen)} } }`, { all: [entity, entity] });
    }
    for (const { name, ofInterface } of drawn) {
      const more = fields.filter(() => pick(4) === 0);
      if (ofInterface.length === 0) continue;
      const face = `Face_${name}`;
      await ask(`{ ${face} { ${selection(ofInterface)} ... on Entity { id ${selection(more)} } } }`, {
        [face]: { id: '1', ...answers([...ofInterface, ...more]) },
      });
    }
  }
});
