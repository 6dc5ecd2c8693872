import { randomUUID } from 'node:crypto';
import type { GraphQLFieldResolver } from 'graphql';
import type { ProducerDescription, TopicDescription } from '../../../schema/description.ts';
import type { RequestContext } from '../context.ts';

/** A mutation with `@produce` and no resolver: its arguments become a record. A key that no argument gives is a new UUID. */
export const produceResolver = (
  producer: ProducerDescription,
  topic: TopicDescription,
): GraphQLFieldResolver<unknown, RequestContext> => {
  const given = new Set(producer.arguments.map(({ field }) => field));
  const generated = topic.key.filter((field) => !given.has(field));
  return (_parent, args, context) => {
    const row: Record<string, unknown> = {};
    for (const field of generated) row[field] = randomUUID();
    for (const { argument, field } of producer.arguments) {
      if (args[argument] !== undefined) row[field] = args[argument];
    }
    return context.append(topic.type, row);
  };
};
