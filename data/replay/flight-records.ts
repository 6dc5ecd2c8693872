import { type Flight, flightId } from './flight.ts';
import type { FlightStep, FlightStepKind } from './life.ts';
import { week } from './local-time.ts';
import { type OutgoingRecord, topics } from './outgoing-record.ts';

/** The flight as it is after the step, and the event. `pass` counts how often the week was replayed before. */
export const flightRecords = (step: FlightStep, pass: number): readonly OutgoingRecord[] => {
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
    { topic: topics.flightEvents, key, value: event },
  ];
};

type Status = Exclude<FlightStepKind, 'REMOVED'>;

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
    departureDelayMinutes: left ? flight.departureDelay : null,
    arrivalDelayMinutes: arrived ? flight.arrivalDelay : null,
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
