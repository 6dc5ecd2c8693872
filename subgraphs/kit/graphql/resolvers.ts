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
  const entity: EntityOf = (reference) => {
    const ownResolver = own[reference.name]?.__resolveReference;
    if (ownResolver !== undefined) return ownResolver as EntityResolver;
    const topic = topics.get(reference.name);
    return topic !== undefined && hasRows(topic, reference.key) ? resolveReference(topic) : null;
  };
  for (const topic of description.topics) {
    if (topic.cleanup === 'COMPACT' && topic.entityKeys.length > 0)
      set(topic.type, '__resolveReference', resolveReference(topic));
    setReferences(topic.type, topic.fields, entity, set);
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

type Reference = Extract<RecordFieldType, { kind: 'reference' }>;
type EntityResolver = (key: Readonly<Record<string, unknown>>, context: RequestContext) => unknown;
/** How this subgraph finds an entity by the key that a record holds; null where it is for the gateway to join. */
type EntityOf = (reference: Reference) => EntityResolver | null;

const hasRows = (topic: TopicDescription, key: readonly string[]): boolean =>
  topic.cleanup === 'COMPACT' && topic.key.every((field) => key.includes(field));

const setReferences = (
  type: string,
  fields: readonly RecordField[],
  entity: EntityOf,
  set: (type: string, field: string, resolver: FieldResolver) => void,
): void => {
  for (const field of fields) {
    const inner = innermost(field.type);
    if (inner.kind === 'reference') set(type, field.name, referenceField(field.name, inner, entity(inner)));
    if (inner.kind === 'object') setReferences(inner.name, inner.fields, entity, set);
  }
};

const innermost = (type: RecordFieldType): Exclude<RecordFieldType, { kind: 'list' }> =>
  type.kind === 'list' ? innermost(type.item) : type;

/** From the key that the row holds to the entity: found here, or a representation for the gateway to join. */
const referenceField = (name: string, reference: Reference, find: EntityResolver | null): FieldResolver => {
  const resolve = (held: unknown, context: RequestContext): unknown => {
    if (held === null || held === undefined) return null;
    if (Array.isArray(held)) return held.map((each) => resolve(each, context));
    const representation = { __typename: reference.name, ...referenceKey(reference, held) };
    return find === null ? representation : find(representation, context);
  };
  return (parent, _args, context) => resolve((parent as Record<string, unknown>)[name], context);
};
