import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';
import { dateTimeOfText } from '../decode/date-time.ts';

/** RFC 3339 in; out the canonical text that rows hold: UTC with milliseconds, so that text order is time order. */
export const dateTime = new GraphQLScalarType({
  name: 'DateTime',
  serialize: (value) => (value instanceof Date ? value.toISOString() : String(value)),
  parseValue: (value) => canonicalTime(value),
  parseLiteral: (node) => canonicalTime(node.kind === Kind.STRING ? node.value : null),
});

/** As records are read, so that a time in an argument equals the same time in a row. */
const canonicalTime = (value: unknown): string => {
  const time = typeof value === 'string' ? dateTimeOfText(value) : null;
  if (time !== null) return time;
  throw new GraphQLError(
    `DateTime cannot represent ${JSON.stringify(value)}: write an RFC 3339 time with a zone, like 2013-02-08T18:00:00Z.`,
    { extensions: { code: 'BAD_USER_INPUT' } },
  );
};
