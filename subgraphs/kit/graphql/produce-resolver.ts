import { createHash, randomUUID } from 'node:crypto';
import type { GraphQLFieldResolver } from 'graphql';
import type { ProducerDescription, TopicDescription } from '../../../schema/description.ts';
import { TributaryError } from '../../../schema/errors.ts';
import type { RequestContext } from '../context.ts';
import { requireIdempotencyKey } from '../decode/idempotency-key.ts';
import type { RecordPlace } from '../write/writer.ts';

type Arguments = Readonly<Record<string, unknown>>;

/**
 * A mutation with `@produce` and no resolver: its arguments become a record. A key that no argument gives is a new UUID.
 * With `idempotencyKey` a retry gets the first result, and with `ifPosition` the row must not have been written since (S25).
 */
export const produceResolver = (
  producer: ProducerDescription,
  topic: TopicDescription,
): GraphQLFieldResolver<unknown, RequestContext, Arguments> => {
  const given = new Set(producer.arguments.map(({ field }) => field));
  const generated = topic.key.filter((field) => !given.has(field));
  return (_parent, args, context) => {
    const request = requestOf(producer.field, args);
    const ifPosition = placeOf(args.ifPosition);
    const row: Record<string, unknown> = {};
    for (const field of generated) row[field] = request === null ? randomUUID() : uuidOf(request, field);
    for (const { argument, field } of producer.arguments) {
      if (args[argument] !== undefined) row[field] = args[argument];
    }
    return request === null && ifPosition === null
      ? context.append(topic.type, row)
      : context.put(topic.type, row, { idempotencyKey: request, ifPosition });
  };
};

/** Of the mutation, its arguments and the client's key together: the same key with other arguments is another request. */
const requestOf = (field: string, args: Arguments): string | null => {
  const key = args.idempotencyKey;
  if (key == null) return null;
  requireIdempotencyKey(String(key));
  const entries = Object.entries(args).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([field, entries]))
    .digest('base64url');
};

/** A retry must come to the key that the first request made. The form is that of UUIDs of one's own (RFC 9562, version 8). */
const uuidOf = (request: string, field: string): string => {
  const hex = createHash('sha256').update(`${request} ${field}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
};

const placeOf = (value: unknown): RecordPlace | null => {
  if (value == null) return null;
  const [partition, offset, ...more] = value as readonly number[];
  const isPlace = (number: number | undefined): number is number =>
    number !== undefined && Number.isSafeInteger(number) && number >= 0;
  if (isPlace(partition) && isPlace(offset) && more.length === 0) return [partition, offset];
  throw new TributaryError(
    'BAD_USER_INPUT',
    `ifPosition is ${JSON.stringify(value)}; give [partition, offset], as "at" of an event has it.`,
  );
};
