import { parse } from 'graphql';
import { expect, test } from 'vitest';
import { createGeneration } from '../../../../gateway/generation/generation.ts';
import { buildGraph } from '../graph.ts';

/** A `mate` is a Book of a known type for a Film, and one of several types for a Book: two objects, one entity. */
const { supergraphSdl } = buildGraph({
  works: {
    typeDefs: `
      type Query { works: [Work] }
      interface Work { id: ID! mate: Work }
      type Book implements Work @key(fields: "id") { id: ID! mate: Work }
      type Film implements Work @key(fields: "id") { id: ID! mate: Book }`,
  },
  origins: {
    typeDefs: `
      union Origin = Play | Poem
      type Book @key(fields: "id") { id: ID! origin: Origin }
      type Play { acts: Int }
      type Poem { lines: Int }`,
  },
});

/** Answers of the two subgraphs; that of `origins` has as many entities as it is asked for. */
const works = (mates: readonly string[]): string => `{"data":{"works":[${mates.join()}]}}`;
const origins =
  '{"data":{"_entities":[{"origin":{"__typename":"Play","acts":5}},{"origin":{"__typename":"Poem","lines":9}}]}}';

test('an entity of objects in two kinds of places is found from both', async () => {
  const answers: Readonly<Record<string, string>> = {
    works: works([
      '{"__typename":"Film","mate":{"__typename":"Book","id":"1"}}',
      '{"__typename":"Book","mate":{"__typename":"Book","id":"2"}}',
    ]),
    origins,
  };
  const generation = createGeneration({
    supergraphSdl,
    fetcher: {
      fetch: () => Promise.reject(new Error('values')),
      fetchBytes: async ({ name }, _request, _signal, scan) => {
        const scanned = scan(Buffer.from(answers[name] ?? ''));
        if (scanned === null) throw new Error(`${name} needs values`);
        return scanned;
      },
    },
  });
  const document = parse(
    '{ works { mate { ... on Book { origin { ... on Play { acts } ... on Poem { lines } } } } } }',
  );
  const request = { document, operationName: null, variables: {} };
  const expected = { works: [{ mate: { origin: { acts: 5 } } }, { mate: { origin: { lines: 9 } } }] };
  // What stood on the tape before must not matter.
  for (let time = 0; time < 3; time++)
    expect(await generation.executeToText(request)).toBe(`${JSON.stringify({ data: expected })}\n`);
});
