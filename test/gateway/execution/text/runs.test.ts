import { parse } from 'graphql';
import { expect, test } from 'vitest';
import type { Fetcher, SubgraphRequest } from '../../../../gateway/execution/fetcher.ts';
import { createGeneration } from '../../../../gateway/generation/generation.ts';
import { buildGraph } from '../graph.ts';

const { supergraphSdl } = buildGraph({
  a: {
    typeDefs:
      'type Query { items(first: Int): [Item] } type Item @key(fields: "id") { id: ID! name: String }',
  },
  b: {
    typeDefs:
      'type Item @key(fields: "id") { id: ID! maker: Maker } type Maker @key(fields: "id") { id: ID! }',
  },
  c: { typeDefs: 'type Maker @key(fields: "id") { id: ID! label: String }' },
});

interface Asked {
  readonly subgraph: string;
  readonly ids: readonly string[];
  readonly answer: (text: string) => void;
}

/** Fetches that wait until the test answers them. */
const start = () => {
  const asked: Asked[] = [];
  const fetchBytes: Fetcher['fetchBytes'] = ({ name }, request, _, scan) =>
    new Promise((resolve) => {
      const answer = (text: string): void => {
        const bytes = Buffer.from(text);
        resolve(scan(bytes) ?? JSON.parse(text));
      };
      asked.push({ subgraph: name, ids: idsOf(request), answer });
    });
  const fetch: Fetcher['fetch'] = ({ name }, request) =>
    new Promise((resolve) => {
      const { representations = [] } = request.variables;
      const given = JSON.stringify(representations);
      const answer = (text: string): void => resolve(JSON.parse(text));
      asked.push({ subgraph: name, ids: idsOf({ ...request, representations: given }), answer });
    });
  const fetcher: Fetcher = { fetch, fetchBytes };
  const generation = createGeneration({ supergraphSdl, fetcher });
  const ask = async (first: number): Promise<string | object> => {
    const document = parse('query($n: Int) { items(first: $n) { name maker { label } } }');
    const result = await generation.executeToText({ document, operationName: null, variables: { n: first } });
    return typeof result === 'string' ? Buffer.from(result, 'latin1').toString() : result;
  };
  /** The next fetch of a subgraph, as soon as it is made. */
  const next = async (subgraph: string): Promise<Asked> => {
    for (;;) {
      const index = asked.findIndex((each) => each.subgraph === subgraph);
      const [found] = index === -1 ? [] : asked.splice(index, 1);
      if (found !== undefined) return found;
      await new Promise(setImmediate);
    }
  };
  return { ask, next, asked };
};

const idsOf = ({ representations = '[]' }: SubgraphRequest): string[] =>
  JSON.parse(representations).map(({ id }: { id: string }) => id);

const items = (ids: readonly string[]): string =>
  `{"data":{"items":[${ids.map((id) => `{"__typename":"Item","id":"${id}","name":"n ${id}"}`).join()}]}}`;
const makers = (ids: readonly string[]): string =>
  `{"data":{"_entities":[${ids.map((id) => `{"maker":{"__typename":"Maker","id":"m${id}"}}`).join()}]}}`;
const labels = (ids: readonly string[]): string =>
  `{"data":{"_entities":[${ids.map((id) => `{"label":"l ${id}"}`).join()}]}}\n`;
const answered = (ids: readonly string[]): string =>
  `{"data":{"items":[${ids.map((id) => `{"name":"n ${id}","maker":{"label":"l m${id}"}}`).join()}]}}\n`;

test('requests of one plan whose answers come crosswise get their own', async () => {
  const { ask, next } = start();
  const lists = [['1', '2', '1'], ['3'], ['2', '33', '4', '5']];
  const results = lists.map((_, index) => ask(index));
  const firsts = await Promise.all(lists.map(() => next('a')));
  for (const index of [2, 0, 1]) firsts[index]?.answer(items(lists[index] ?? []));
  const seconds = [await next('b'), await next('b'), await next('b')];
  for (const { ids, answer } of seconds.toReversed()) answer(makers(ids));
  const thirds = [await next('c'), await next('c'), await next('c')];
  for (const { ids, answer } of [...thirds.slice(1), ...thirds.slice(0, 1)]) answer(labels(ids));
  expect(await Promise.all(results)).toEqual(lists.map(answered));
});

test('an answer that is too large for the tape is run on values, and the next one is not', async () => {
  const { ask, next } = start();
  const many = Array.from({ length: 120_000 }, (_, index) => String(index));
  for (const ids of [many, ['1', '2']]) {
    const result = ask(0);
    (await next('a')).answer(items(ids));
    (await next('b')).answer(makers(ids));
    (await next('c')).answer(labels(ids.map((id) => `m${id}`)));
    const answer = await result;
    expect(typeof answer).toBe(ids === many ? 'object' : 'string');
    const text = typeof answer === 'string' ? answer : `${JSON.stringify(answer)}\n`;
    expect(text === answered(ids)).toBe(true);
  }
});

test.each([
  ['empty', '{"data":{"items":[]}}', '{"data":{"items":[]}}\n'],
  ['null', '{"data":{"items":null}}', '{"data":{"items":null}}\n'],
  ['of nulls', '{"data":{"items":[null,null]}}', '{"data":{"items":[null,null]}}\n'],
])('a list that is %s asks nobody any further, and goes from text to text', async (_, given, expected) => {
  const { ask, next, asked } = start();
  const result = ask(0);
  (await next('a')).answer(given);
  expect(await result).toBe(expected);
  expect(asked).toEqual([]);
});
