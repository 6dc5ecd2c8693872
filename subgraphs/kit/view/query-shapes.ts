import type { OrderDescription, TopicDescription, ViewDescription } from '../../../schema/description.ts';

/** A kind of page that a view has to answer from an index. */
export interface QueryShape {
  /** Fields compared by EQUAL and IN. */
  readonly equal: readonly string[];
  /** Fields compared by FROM and BEFORE. An index helps where the field is the first of the order. */
  readonly ranges: readonly string[];
  readonly orderBy: readonly OrderDescription[];
}

/**
 * Every shape of query that the `@view` fields of a topic's type can ask, for `openSqliteView({ queries })`.
 * Filter arguments are optional, so a field with filters a and b asks for none, a, b, and both. Of more than
 * two filters the pairs and the whole get an index of their own; what lies between reads the best of these.
 */
export function indexesFor(topic: TopicDescription, views: readonly ViewDescription[]): QueryShape[] {
  return views
    .filter((view) => view.type === topic.type && !isReadByKey(topic, view))
    .flatMap((view) => {
      const always = [...new Set(view.on.map(({ field }) => field))];
      const optional = new Set(view.filters.filter(isEquality).map(({ field }) => field));
      const ranges = view.filters.filter((filter) => !isEquality(filter)).map(({ field }) => field);
      const subsets = view.shape === 'ONE' ? [[...optional]] : upToPairs([...optional]);
      return subsets.map((fields) => ({
        equal: [...new Set([...always, ...fields])],
        ranges: [...new Set(ranges)],
        orderBy: view.orderBy,
      }));
    });
}

const isEquality = ({ operator }: { readonly operator: string }): boolean =>
  operator === 'EQUAL' || operator === 'IN';

/** `flight(id:)`: answered by `getMany`, without an index. */
const isReadByKey = (topic: TopicDescription, view: ViewDescription): boolean =>
  view.shape === 'ONE' &&
  topic.key.every((field) =>
    view.filters.some((filter) => filter.field === field && filter.operator === 'EQUAL'),
  );

function upToPairs(fields: readonly string[]): string[][] {
  const pairs = fields.flatMap((a, index) => fields.slice(index + 1).map((b) => [a, b]));
  const whole = fields.length > 2 ? [[...fields]] : [];
  return [[], ...fields.map((field) => [field]), ...pairs, ...whole];
}
