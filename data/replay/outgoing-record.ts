/** A record as it goes to Kafka; `value` null is a tombstone. */
export interface OutgoingRecord {
  readonly topic: string;
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>> | null;
}

export const topics = {
  airports: 'airports.airports',
  airlines: 'fleet.airlines',
  planes: 'fleet.planes',
  flights: 'flights.flights',
  flightEvents: 'flights.events',
  weather: 'weather.current',
  observations: 'weather.observations',
} as const;

/** Those whose records are events, which refer to the rows of the others. */
export const eventTopics: readonly string[] = [topics.flightEvents, topics.observations];
