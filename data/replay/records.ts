import { type CsvRow, numberOf, required, textOf } from './csv.ts';
import { type Flight, flightId } from './flight.ts';
import type { Step, StepKind } from './life.ts';
import { week } from './local-time.ts';

/** A record as it goes to Kafka; `value` null is a tombstone. */
export interface OutgoingRecord {
  readonly topic: string;
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>> | null;
}

export const topics = {
  airports: 'airports.airports',
  flights: 'flights.flights',
  events: 'flights.events',
} as const;

/** The flight as it is after the step, and the event. `pass` counts how often the week was replayed before. */
export const recordsOf = (step: Step, pass: number): readonly OutgoingRecord[] => {
  const key = flightId(step.flight, pass);
  if (step.kind === 'REMOVED') return [{ topic: topics.flights, key, value: null }];
  const row = flightRow(step.flight, step.kind, pass);
  const event = {
    kind: step.kind,
    at: timeText(step.at, pass),
    flight: key,
    delayMinutes: row.delayMinutes,
  };
  return [
    { topic: topics.flights, key, value: row },
    { topic: topics.events, key, value: event },
  ];
};

type Status = Exclude<StepKind, 'REMOVED'>;

/** Only what is known at that moment. */
const flightRow = (flight: Flight, status: Status, pass: number) => {
  const left = status === 'DEPARTED' || status === 'ARRIVED' || status === 'DIVERTED';
  const arrived = status === 'ARRIVED';
  return {
    id: flightId(flight, pass),
    carrier: flight.carrier,
    flightNumber: flight.number,
    tailNumber: flight.tailNumber,
    origin: flight.origin,
    destination: flight.destination,
    scheduledDeparture: timeText(flight.scheduledDeparture, pass),
    scheduledArrival: timeText(flight.scheduledArrival, pass),
    departure: left ? timeText(flight.departure, pass) : null,
    arrival: arrived ? timeText(flight.arrival, pass) : null,
    status,
    delayMinutes: delayAt(flight, status),
    distanceMiles: flight.distanceMiles,
    airTimeMinutes: arrived ? flight.airTimeMinutes : null,
  };
};

const delayAt = (flight: Flight, status: Status): number | null => {
  switch (status) {
    case 'SCHEDULED':
      return 0;
    case 'CANCELLED':
      return null;
    case 'ARRIVED':
      return flight.arrivalDelay ?? flight.departureDelay;
    default:
      return flight.departureDelay;
  }
};

/** RFC 3339 in UTC, moved to the pass. */
const timeText = (moment: number | null, pass: number): string | null =>
  moment === null ? null : new Date(moment + pass * week).toISOString();

const daylightSaving: Readonly<Record<string, string>> = { A: 'US', N: 'NONE', U: 'UNKNOWN' };

/** A line of airports.csv as a record. */
export const airportRecord = (row: CsvRow): OutgoingRecord => {
  const faa = required(textOf(row, 'faa'), 'faa');
  return {
    topic: topics.airports,
    key: faa,
    value: {
      faa,
      name: textOf(row, 'name'),
      latitude: numberOf(row, 'lat'),
      longitude: numberOf(row, 'lon'),
      altitudeFeet: numberOf(row, 'alt'),
      utcOffsetHours: numberOf(row, 'tz'),
      dst: daylightSaving[textOf(row, 'dst') ?? 'U'] ?? 'UNKNOWN',
      timeZone: textOf(row, 'tzone'),
    },
  };
};
