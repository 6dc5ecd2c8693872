import type { GraphQLSchemaModule } from '@apollo/subgraph';
import type { GraphQLFieldResolver } from 'graphql';
import type {
  RecordField,
  RecordFieldType,
  SubgraphDescription,
  TopicDescription,
} from '../../../schema/description.ts';
import type { RequestContext, SubgraphContext } from '../context.ts';
import { produceResolver } from './produce-resolver.ts';
import { referenceKey, resolveReference } from './references.ts';
import { dateTime } from './scalars.ts';
import { viewResolver } from './view-resolver.ts';

/**
 * Resolvers of a subgraph's own, by type and field. They replace what the directives give. That of a Subscription field
 * without `@consume` is called once for each subscriber and gives the values of the field, as an async iterable whose
 * iterator's `return()` is called when the client leaves.
 */
export type Resolvers = Readonly<Record<string, Readonly<Record<string, ResolverMethods['resolve']>>>>;

interface ResolverMethods {
  // A method, whose parameters are bivariant: authors type parent and arguments as their SDL says.
  resolve(parent: unknown, args: unknown, context: SubgraphContext): unknown;
}

type FieldResolver = GraphQLFieldResolver<unknown, RequestContext>;
type ResolverMap = NonNullable<GraphQLSchemaModule['resolvers']>;

/** The resolvers that the directives give, with the subgraph's own over them. */
export const deriveResolvers = (
  description: SubgraphDescription,
  scalars: ReadonlySet<string>,
  own: Resolvers,
): ResolverMap => {
  const map: ResolverMap = {};
  const set = (type: string, field: string, resolver: unknown): void => {
    map[type] = { ...map[type], [field]: resolver } as ResolverMap[string];
  };
  const consumed = new Set(description.streams.map(({ field }) => field));
  const topics = new Map(description.topics.map((topic) => [topic.type, topic]));
  for (const topic of description.topics) {
    if (topic.cleanup === 'COMPACT' && topic.entityKeys.length > 0)
      set(topic.type, '__resolveReference', resolveReference(topic));
    setReferences(topic.type, topic.fields, topics, set);
  }
  for (const view of description.views) {
    const topic = topics.get(view.type);
    if (topic !== undefined) set(view.parent, view.field, viewResolver(view, topic));
  }
  for (const producer of description.producers) {
    const topic = topics.get(producer.type);
    if (topic !== undefined && own.Mutation?.[producer.field] === undefined) {
      set('Mutation', producer.field, produceResolver(producer, topic));
    }
  }
  for (const [type, fields] of Object.entries(own)) {
    for (const [field, resolver] of Object.entries(fields)) {
      const isOwnStream = type === 'Subscription' && !consumed.has(field);
      set(type, field, isOwnStream ? { subscribe: resolver, resolve: (value: unknown) => value } : resolver);
    }
  }
  return scalars.has('DateTime') ? { ...map, DateTime: dateTime } : map;
};

const setReferences = (
  type: string,
  fields: readonly RecordField[],
  topics: ReadonlyMap<string, TopicDescription>,
  set: (type: string, field: string, resolver: FieldResolver) => void,
): void => {
  for (const field of fields) {
    const inner = innermost(field.type);
    if (inner.kind === 'reference')
      set(type, field.name, referenceField(field.name, inner, topics.get(inner.name)));
    if (inner.kind === 'object') setReferences(inner.name, inner.fields, topics, set);
  }
};

const innermost = (type: RecordFieldType): Exclude<RecordFieldType, { kind: 'list' }> =>
  type.kind === 'list' ? innermost(type.item) : type;

/** From the key that the row holds to the entity: a row of our own view, or a representation for the gateway to join. */
const referenceField = (
  name: string,
  reference: Extract<RecordFieldType, { kind: 'reference' }>,
  local: TopicDescription | undefined,
): FieldResolver => {
  const resolve = (held: unknown, context: RequestContext): unknown => {
    if (held === null || held === undefined) return null;
    const key = referenceKey(reference, held);
    return local?.cleanup === 'COMPACT'
      ? resolveReference(local)(key, context)
      : { __typename: reference.name, ...key };
  };
  return (parent, _args, context) => {
    const held = (parent as Record<string, unknown>)[name];
    return Array.isArray(held) ? held.map((each) => resolve(each, context)) : resolve(held, context);
  };
};
