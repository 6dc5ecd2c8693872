import { QueryPlanner } from '@apollo/query-planner';
import { expect, test, vi } from 'vitest';
import { buildGraph } from '../execution/graph.ts';

const pages = [0, 1, 2, 3];

/** Each field is of two of the subgraphs `s0` to `s3`, so each level of an operation doubles the ways to what is below. */
const shared = (limits = {}) =>
  buildGraph(
    {
      root: {
        typeDefs: 'type Query { root: Page } type Page @key(fields: "id") { id: ID! }',
        resolvers: { Query: { root: () => ({ id: '1' }) } },
      },
      ...Object.fromEntries(
        pages.map((own) => {
          const fields = pages.filter((page) => (page + own) % 4 < 2);
          return [
            `s${own}`,
            {
              typeDefs: `type Page @key(fields: "id") {
                id: ID! ${fields.map((page) => `next${page}: Page @shareable size${page}: Int @shareable`).join(' ')} }`,
              resolvers: {
                Page: Object.fromEntries(
                  fields.flatMap((page) => [
                    [`next${page}`, () => ({ id: '1' })],
                    [`size${page}`, () => page],
                  ]),
                ),
              },
            },
          ];
        }),
      ),
    },
    limits,
  );

const sizes = '{ size0 size1 size2 size3 }';
const deep = (levels: number): string =>
  pages.slice(0, levels).reduce((inner, page) => `{ next${page} ${inner} }`, sizes);

test('the more fields an operation has, the fewer of its plans are compared', async () => {
  const build = vi.spyOn(QueryPlanner.prototype, 'buildQueryPlan');
  const graph = shared();
  const compared = async (query: string): Promise<number> => {
    expect(await graph.run(query)).not.toHaveProperty('errors');
    const planner = build.mock.contexts.at(-1);
    return planner instanceof QueryPlanner
      ? (planner.lastGeneratedPlanStatistics()?.evaluatedPlanCount ?? -1)
      : -1;
  };
  expect(await compared(`{ root ${deep(2)} }`)).toBeLessThanOrEqual(1000);
  const wide = Array.from({ length: 90 }, (_, index) => `a${index}: next${index % 4} ${sizes}`);
  expect(await compared(`{ root { ${wide.join(' ')} } }`)).toBeLessThanOrEqual(44);
  expect(await compared('{ root { id } }')).toBe(1);
  build.mockRestore();
});

test('an operation with a field to which too many ways lead is refused', async () => {
  const { data, errors } = await shared({ planOptions: 8 }).run(`{ root ${deep(4)} }`);
  expect(data).toBeUndefined();
  expect(errors?.map(({ message, extensions }) => [message, extensions.code])).toEqual([
    [
      'The operation has a field to which more than 8 ways lead, by subgraphs that share the fields above it. Ask for it from higher up, or raise gateway.limits.planOptions.',
      'BAD_REQUEST',
    ],
  ]);
  expect((await shared().run(`{ root ${deep(4)} }`)).errors).toBeUndefined();
});
