import type { TopicDescription, ViewDescription } from '../description.ts';
import type { RuleContext, Topics } from './context.ts';

/**
 * Topics with the indexes that their views bring: the fields of `on` count as indexed.
 *
 * What each view needs: a view with `on`, or one that names the whole record key, reads few rows, and the store keeps
 * an index for it. Any other reads by its filters and in its order from all rows, so each of these fields must be
 * indexed: by @index, by an `on`, or as the first field of the record key.
 */
export const withViewIndexes = (
  topics: Topics,
  views: readonly ViewDescription[],
): readonly TopicDescription[] =>
  [...topics.values()].map((topic) => {
    const onFields = views
      .filter(({ type }) => type === topic.type)
      .flatMap(({ on }) => on.map(({ field }) => field));
    return { ...topic, indexes: [...new Set([...topic.indexes, ...onFields])] };
  });

export const checkIndexes = (
  { model, mistakes }: RuleContext,
  topics: readonly TopicDescription[],
  views: readonly ViewDescription[],
): void => {
  for (const view of views) {
    const topic = topics.find(({ type }) => type === view.type);
    if (topic === undefined || view.shape === 'ONE' || view.on.length > 0) continue;
    const indexed = new Set([...topic.indexes, ...topic.key.slice(0, 1)]);
    const uses = [
      ...view.filters.map(({ field }) => ({ field, how: 'filters' })),
      ...view.orderBy.map(({ field }) => ({ field, how: 'orders' })),
    ];
    const missing = new Map(uses.filter(({ field }) => !indexed.has(field)).map((use) => [use.field, use]));
    for (const { field, how } of missing.values()) {
      mistakes.add(
        model.objects.get(view.parent)?.fields.get(view.field),
        `${view.parent}.${view.field} ${how} by ${topic.type}.${field}, which has no index.`,
        `Add @index to ${topic.type}.${field}.`,
      );
    }
  }
};
