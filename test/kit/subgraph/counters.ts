import type { Resolvers, Row, SubgraphContext } from '../../../subgraphs/kit/index.ts';

/** Counters, which show a write that was carried out twice. */
export const countersSdl = (topic: string): string => `
  type Counter @key(fields: "id") @topic(name: "${topic}", key: "id", cleanup: COMPACT, partitions: 2) {
    id: ID!
    count: Int!
  }
  type Query { counter(id: ID!): Counter @view }
  type Mutation {
    setCounter(id: ID!, count: Int!): Counter! @produce
    add(id: ID!, by: Int!, idempotencyKey: ID): Counter! @produce
  }`;

/** `written` is awaited between the record's acknowledgement by Kafka and the answer. */
export const counterResolvers = (written: () => Promise<void> = async () => undefined): Resolvers => ({
  Mutation: {
    add: async (
      _parent: unknown,
      { id, by, idempotencyKey }: { id: string; by: number; idempotencyKey?: string | null },
      context: SubgraphContext,
    ): Promise<Row> => {
      const row = await context.update(
        'Counter',
        id,
        (stored) => ({ ...stored, count: Number(stored.count) + by }),
        () => [],
        { idempotencyKey },
      );
      await written();
      return row;
    },
  },
});
