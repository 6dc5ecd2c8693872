import type { GenerationLimits } from '../../../gateway/generation/limits.ts';
import { buildGraph, type Graph } from '../execution/graph.ts';

const flights = { f1: { status: 'ON_TIME', origin: 'jfk' }, f2: { status: 'LATE', origin: 'lga' } };

/** A subgraph of events, and another that its events join. */
export const ticker = (limits: Partial<GenerationLimits> = {}): Graph =>
  buildGraph(
    {
      flights: {
        typeDefs: `
          type Query { flight(id: ID!): Flight }
          type Mutation { delay(id: ID!): Flight }
          type Subscription { changed(origin: ID, from: String): Change! flightChanged: Flight happened: Happening }
          enum Kind { UPSERT DELETE SECRET @inaccessible }
          type Change { kind: Kind! key: ID flight: Flight note: String }
          type Flight @key(fields: "id") { id: ID! status: String! origin: Airport }
          type Airport @key(fields: "faa") { faa: ID! }
          union Happening = Change | Flight`,
        resolvers: {
          Query: { flight: (_: unknown, { id }: { id: 'f1' | 'f2' }) => flightOf(id) },
          Mutation: { delay: (_: unknown, { id }: { id: 'f1' | 'f2' }) => flightOf(id) },
          Happening: { __resolveType: () => 'Change' },
        },
      },
      airports: {
        typeDefs: `
          type Airport @key(fields: "faa") { faa: ID! name: String! city: City }
          type City @key(fields: "id") { id: ID! }`,
        resolvers: {
          Airport: {
            __resolveReference: ({ faa }: { faa: string }) =>
              faa === 'zzz' ? null : { faa, name: faa.toUpperCase(), city: { id: 'nyc' } },
          },
        },
      },
      cities: {
        typeDefs: 'type City @key(fields: "id") { id: ID! title: String }',
        resolvers: { City: { title: () => 'New York' } },
      },
    },
    limits,
  );

const flightOf = (id: 'f1' | 'f2') => ({
  id,
  status: flights[id].status,
  origin: { faa: flights[id].origin },
});
