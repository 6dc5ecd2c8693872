import fc from 'fast-check';
import { parse, validate } from 'graphql';
import { expect, test } from 'vitest';
import { library, monolith } from './library.ts';
import { randomOperations } from './random-operations.ts';

/**
 * Not against stock ApolloGateway, which errs on some of these: it lets an interface object's name replace a type's own,
 * and loses nested fragments of objects without a `__typename`.
 */
test('operations drawn at random answer, to the byte, as one graphql-js over all data does', async () => {
  const graph = library();
  const schema = graph.generation.apiSchema;
  const aliases = ['id', 'title', 'pages', 'name', 'price', 'alias__id', '__typename', '__proto__'];
  const values = { id: ['"b1"', '"f2"', '"none"'], first: ['1', '3'], scale: ['5', '10'] };
  await fc.assert(
    fc.asyncProperty(randomOperations(schema, { values, aliases }), async ({ query, variables }) => {
      fc.pre(validate(schema, parse(query)).length === 0);
      const result = await graph.run(query, { variables });
      expect(JSON.stringify(result, null, 1)).toBe(
        JSON.stringify({ data: monolith(schema, query, { ...variables }).data }, null, 1),
      );
    }),
    // The same ones each time, lest a fault of the planner fail a change that has nothing to do with it; 0 draws others.
    {
      numRuns: Number(process.env.TRIBUTARY_RANDOM_RUNS ?? 100),
      seed: Number(process.env.TRIBUTARY_RANDOM_SEED ?? 1) || Date.now(),
    },
  );
});
