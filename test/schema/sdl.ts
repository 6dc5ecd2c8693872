import { type DescribeOptions, describeSubgraph, SchemaInvalidError } from '../../schema/index.ts';

/** Each mistake as `line:column message Cure.`; the first line of `text` is line 1. */
export const mistakesOf = (text: string, options?: DescribeOptions): readonly string[] => {
  try {
    describeSubgraph([{ file: 'test.graphql', text }], options);
  } catch (error) {
    if (!(error instanceof SchemaInvalidError)) throw error;
    return error.mistakes.map(({ line, column, message, cure }) => `${line}:${column} ${message} ${cure}`);
  }
  return [];
};

/** The example of design.md, less the links. */
export const flights = `
type Flight @key(fields: "id") @topic(name: "flights.flights", key: "id", cleanup: COMPACT, partitions: 6) {
  id: ID!
  status: FlightStatus! @index
  scheduledDeparture: DateTime!
  origin: Airport! @record(field: "route.origin")
  updatedAt: DateTime! @record(part: TIMESTAMP)
}
enum FlightStatus { SCHEDULED DEPARTED }
enum FlightEventKind { LATE GONE }
type FlightEvent @topic(name: "flights.events", key: "flight") {
  kind: FlightEventKind!
  flight: Flight
  source: String @record(header: "source")
  legs: [Leg!]
}
type Leg { from: Airport minutes: Int }
type FlightChange @change(of: "Flight") { kind: ChangeKind! key: ID flight: Flight }
type Query {
  flight(id: ID!): Flight @view
  flights(origin: ID, status: FlightStatus, first: Int = 20, after: String): FlightConnection! @view
}
type Airport @key(fields: "faa") {
  faa: ID!
  departures(scheduledDepartureFrom: DateTime, first: Int, after: String): FlightConnection!
    @view(on: ["origin"], orderBy: ["scheduledDeparture DESC"])
}
type Subscription {
  flightChanges(origin: ID, from: Cursor): FlightChange! @consume(snapshot: true)
  flightEvents(flight: ID, kinds: [FlightEventKind!], from: Cursor): FlightEvent! @consume(replay: "7d")
}
type Mutation {
  delayFlight(id: ID!, minutes: Int!, idempotencyKey: ID): Flight! @produce
  report(flight: ID!, kind: FlightEventKind!): FlightEvent! @produce
}
`;

export const airports = `
type Airport @key(fields: "faa") @topic(name: "airports.airports", key: "faa", cleanup: COMPACT) {
  faa: ID!
  name: String
}
type Query { airport(faa: ID!): Airport @view }
`;
