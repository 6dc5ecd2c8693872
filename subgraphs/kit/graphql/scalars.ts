import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';

/** RFC 3339 in; out the canonical text that rows hold: UTC with milliseconds, so that text order is time order. */
export const dateTime = new GraphQLScalarType({
  name: 'DateTime',
  serialize: (value) => (value instanceof Date ? value.toISOString() : String(value)),
  parseValue: (value) => canonicalTime(value),
  parseLiteral: (node) => canonicalTime(node.kind === Kind.STRING ? node.value : null),
});

const rfc3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

const canonicalTime = (value: unknown): string => {
  if (typeof value === 'string' && rfc3339.test(value)) {
    const time = new Date(value);
    if (!Number.isNaN(time.getTime())) return time.toISOString();
  }
  throw new GraphQLError(
    `DateTime cannot represent ${JSON.stringify(value)}: write an RFC 3339 time with a zone, like 2013-02-08T18:00:00Z.`,
    { extensions: { code: 'BAD_USER_INPUT' } },
  );
};
