import type { GraphQLFieldResolver } from 'graphql';
import type { TopicDescription, ViewDescription } from '../../../schema/description.ts';
import { TributaryError } from '../../../schema/errors.ts';
import type { RequestContext } from '../context.ts';
import { bindFilters } from '../stream/filter.ts';
import type { Condition, Page } from '../view/view.ts';
import { givenKey } from './references.ts';

type FieldResolver = GraphQLFieldResolver<unknown, RequestContext>;

/** A field with `@view`: one row by its key, or a page of rows. */
export const viewResolver = (view: ViewDescription, topic: TopicDescription): FieldResolver =>
  view.shape === 'ONE' ? oneRow(view, topic) : rowsOf(view);

const oneRow = (view: ViewDescription, topic: TopicDescription): FieldResolver => {
  const argumentOf = new Map(view.filters.map(({ field, argument }) => [field, argument]));
  const parentFieldOf = new Map(view.on.map(({ field, parentField }) => [field, parentField]));
  return (parent, args, context) => {
    const values = topic.key.map((field) => {
      const argument = argumentOf.get(field);
      const parentField = parentFieldOf.get(field);
      return argument === undefined
        ? (parent as Record<string, unknown>)[parentField ?? field]
        : args[argument];
    });
    const key = givenKey(values);
    return key === null ? null : context.load(topic.type, key);
  };
};

const rowsOf =
  (view: ViewDescription): FieldResolver =>
  async (parent, args, context) => {
    const conditions: readonly Condition[] = [
      ...view.on.map(({ field, parentField }) => ({
        field,
        operator: 'EQUAL' as const,
        value: (parent as Record<string, unknown>)[parentField],
      })),
      ...bindFilters(view.filters, args),
    ];
    const first = pageSize(view, args.first);
    const after = typeof args.after === 'string' ? args.after : null;
    const page = await context.page(view.type, { conditions, orderBy: view.orderBy, first, after });
    return view.shape === 'LIST' ? page.rows.map(({ row }) => row) : connection(page);
  };

const pageSize = (view: ViewDescription, first: unknown): number => {
  if (first === null || first === undefined) return view.defaultFirst;
  if (typeof first === 'number' && first >= 0 && first <= view.maximumFirst) return first;
  throw new TributaryError(
    'BAD_USER_INPUT',
    `"first" of ${view.parent}.${view.field} is ${String(first)}; it takes 0 to ${view.maximumFirst}. Page on with "after".`,
  );
};

const connection = ({ rows, cursors, hasNextPage }: Page): unknown => ({
  nodes: rows.map(({ row }) => row),
  edges: rows.map(({ row }, index) => ({ cursor: cursors[index], node: row })),
  pageInfo: { hasNextPage, endCursor: cursors.at(-1) ?? null },
});
