import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type ExecutionResult, parse } from 'graphql';
import { describe, expect, test } from 'vitest';
import type { Generation } from '../../../gateway/generation/generation.ts';
import { buildGraph, type Graph } from '../execution/graph.ts';

const graphOf = (compiledBytes: number): Graph =>
  buildGraph(
    {
      items: {
        typeDefs: `
          type Query { item: Item items: [Item] }
          type Subscription { changed: Item }
          type Item @key(fields: "id") { id: ID! name: String next: Item }`,
        resolvers: { Query: { item: () => ({ id: '1', name: 'n' }), items: () => [{ id: '1', name: 'n' }] } },
      },
      prices: {
        typeDefs: 'type Item @key(fields: "id") { id: ID! price: Int }',
        resolvers: { Item: { price: () => 7 } },
      },
    },
    { compiledBytes: Math.floor(compiledBytes) },
  );

const run = (
  { generation }: Graph,
  query: string,
  variables: Record<string, unknown> = {},
): Promise<ExecutionResult> => generation.execute({ document: parse(query), operationName: null, variables });
const numbered = (index: number): string => `{ item { n${index}: name } }`;
/** What one operation of these weighs when it has run. */
const weightOfOne = async (): Promise<number> => {
  const graph = graphOf(2 ** 30);
  await run(graph, numbered(100));
  return graph.generation.compiled.bytes;
};
const compiled = ({ generation }: Graph): Generation['compiled'] => generation.compiled;

test('operations are kept up to so many bytes, and the least recently used one goes', async () => {
  const one = await weightOfOne();
  const graph = graphOf(one * 3.5);
  for (let index = 100; index < 103; index++) await run(graph, numbered(index));
  expect(compiled(graph)).toEqual({ count: 3, bytes: one * 3 });
  await run(graph, numbered(100));
  await run(graph, numbered(103));
  expect(compiled(graph)).toEqual({ count: 3, bytes: one * 3 });
  // The first one is there yet: nothing is added for it.
  await run(graph, numbered(100));
  for (let index = 104; index < 150; index++) {
    expect(await run(graph, numbered(index))).toEqual({ data: { item: { [`n${index}`]: 'n' } } });
    expect(compiled(graph).bytes).toBeLessThanOrEqual(one * 3.5);
  }
});

test('an operation is found by its document as long as it is kept, and counts as used', async () => {
  const one = await weightOfOne();
  const { generation } = graphOf(one * 2.5);
  const document = parse(numbered(100));
  for (let index = 101; index < 120; index++) {
    await generation.execute({ document, operationName: null, variables: {} });
    const { bytes } = generation.compiled;
    await generation.execute({ document, operationName: null, variables: {} });
    expect(generation.compiled.bytes).toBe(bytes);
    await generation.execute({ document: parse(numbered(index)), operationName: null, variables: {} });
  }
  expect(generation.compiled).toEqual({ count: 2, bytes: one * 2 });
});

test('an operation grows with its variants, and others give way', async () => {
  const one = await weightOfOne();
  const graph = graphOf(one * 8);
  for (let index = 100; index < 107; index++) await run(graph, numbered(index));
  expect(compiled(graph).count).toBe(7);
  const query = `query Q($a: Boolean!, $b: Boolean!, $c: Boolean!) {
    item { id name @include(if: $a) next @include(if: $b) { id } price @include(if: $c) }
  }`;
  let last = 0;
  for (let variant = 0; variant < 8; variant++) {
    const variables = { a: (variant & 1) > 0, b: (variant & 2) > 0, c: (variant & 4) > 0 };
    expect(await run(graph, query, variables)).not.toHaveProperty('errors');
    expect(compiled(graph).bytes).toBeLessThanOrEqual(one * 8);
    last = compiled(graph).count;
  }
  expect(last).toBeLessThan(4);
});

test('what is compiled when answers come counts as well', async () => {
  const graph = graphOf(2 ** 30);
  const { generation } = graph;
  const document = parse('{ items { name next { name } } }');
  const request = { document, operationName: null, variables: {} };
  await generation.execute(request);
  const { bytes } = generation.compiled;
  graph.intercept = () => Promise.resolve({ data: { items: [{ name: 'a', next: { name: 'b' } }] } });
  await generation.execute(request);
  expect(generation.compiled.bytes).toBeGreaterThan(bytes);
  const after = generation.compiled.bytes;
  await generation.execute(request);
  expect(generation.compiled.bytes).toBe(after);
});

test('an operation that cannot be planned adds nothing, however often it comes', async () => {
  const { generation } = buildGraph({
    a: { typeDefs: 'type Query { nobody: Nobody } interface Nobody { id: ID! }' },
    b: { typeDefs: 'type Query { b: Int } interface Nobody { id: ID! name: String }' },
  });
  const request = { document: parse('{ b nobody { name } }'), operationName: null, variables: {} };
  expect(await generation.execute(request)).toHaveProperty('errors');
  const { bytes } = generation.compiled;
  for (let time = 0; time < 10; time++) await generation.execute(request);
  expect(generation.compiled.bytes).toBe(bytes);
});

describe('an operation that is dropped while it is in use', () => {
  test('answers the request that is under way', async () => {
    const graph = graphOf(await weightOfOne());
    const { promise, resolve } = Promise.withResolvers<ExecutionResult>();
    graph.intercept = () => promise;
    const result = run(graph, '{ item { id name price } }');
    graph.intercept = null;
    for (let index = 100; index < 103; index++) await run(graph, numbered(index));
    expect(compiled(graph).count).toBe(1);
    resolve({ data: { item: { __typename: 'Item', id: '1', name: 'late' } } });
    expect(await result).toEqual({ data: { item: { id: '1', name: 'late', price: 7 } } });
    expect(compiled(graph).count).toBe(1);
  });

  test('joins the events of its subscription', async () => {
    const graph = graphOf(await weightOfOne());
    const plan = graph.generation.planSubscription({
      document: parse('subscription { changed { name price } }'),
      operationName: null,
      variables: {},
    });
    for (let index = 100; index < 103; index++) await run(graph, numbered(index));
    const event = () => ({ data: { changed: { __typename: 'Item', id: '1', name: 'n' } } });
    expect(await plan.complete([{ result: event(), after: null }])).toEqual([
      { data: { changed: { name: 'n', price: 7 } } },
    ]);
  });
});

test('documents that are kept elsewhere keep no operation that was dropped', async () => {
  const one = await weightOfOne();
  const { generation } = graphOf(one * 2.5);
  const documents = Array.from({ length: 400 }, (_, index) =>
    parse(numbered(index + 100), { noLocation: true }),
  );
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const runAll = async (from: number): Promise<number> => {
    for (const document of documents.slice(from, from + 200))
      await generation.execute({ document, operationName: null, variables: {} });
    collect();
    return process.memoryUsage().heapUsed;
  };
  const before = await runAll(0);
  // Of 200 operations.
  expect((await runAll(200)) - before).toBeLessThan(one * 100);
});
