import { type CsvRow, numberOf, required, textOf } from './csv.ts';
import { minute, nextLocalTime, week } from './local-time.ts';

/** Where the three origins lie. */
const originZone = 'America/New_York';

/** What the data set knows of a flight. Moments are milliseconds since 1970. */
export interface Flight {
  readonly carrier: string;
  readonly number: number;
  readonly tailNumber: string | null;
  readonly origin: string;
  readonly destination: string;
  readonly distanceMiles: number;
  /** Midnight in New York at which the day of the scheduled departure begins. */
  readonly day: number;
  readonly outcome: 'ARRIVED' | 'CANCELLED' | 'DIVERTED';
  readonly scheduledDeparture: number;
  /** Null where the zone of the destination is unknown. */
  readonly scheduledArrival: number | null;
  readonly departure: number | null;
  /** Null before it is known, and where the zone of the destination is unknown. */
  readonly arrival: number | null;
  readonly airTimeMinutes: number | null;
  readonly departureDelay: number | null;
  readonly arrivalDelay: number | null;
}

/** Reads a line of flights.csv. `zoneOf` gives the time zone of an airport, null where it is unknown. */
export const readFlight = (row: CsvRow, zoneOf: (faa: string) => string | null): Flight => {
  const text = (column: string) => required(textOf(row, column), column);
  const number = (column: string) => required(numberOf(row, column), column);
  const departureDelay = numberOf(row, 'dep_delay');
  const scheduledDeparture = Date.parse(text('time_hour')) + number('minute') * minute;
  const departure =
    numberOf(row, 'dep_time') === null || departureDelay === null
      ? null
      : scheduledDeparture + departureDelay * minute;
  const arrivalTime = departure === null ? null : numberOf(row, 'arr_time');

  const zone = zoneOf(text('dest'));
  // A flight takes less than a day, so the clock of the destination shows each time once: overnight needs no rule.
  const atDestination = (from: number | null, time: number | null) =>
    zone === null || from === null || time === null ? null : nextLocalTime(zone, from, time);
  const scheduledArrival = atDestination(scheduledDeparture, numberOf(row, 'sched_arr_time'));
  const arrival = atDestination(departure, arrivalTime);
  const lateByClock =
    arrival === null || scheduledArrival === null ? null : (arrival - scheduledArrival) / minute;

  return {
    carrier: text('carrier'),
    number: number('flight'),
    tailNumber: textOf(row, 'tailnum'),
    origin: text('origin'),
    destination: text('dest'),
    distanceMiles: number('distance'),
    day: nextLocalTime(originZone, Date.UTC(number('year'), number('month') - 1, number('day')), 0),
    outcome: departure === null ? 'CANCELLED' : arrivalTime === null ? 'DIVERTED' : 'ARRIVED',
    scheduledDeparture,
    scheduledArrival,
    departure,
    arrival,
    airTimeMinutes: numberOf(row, 'air_time'),
    departureDelay,
    // A handful of flights came in without a recorded delay; the clocks have it.
    arrivalDelay: numberOf(row, 'arr_delay') ?? lateByClock,
  };
};

/** Unique in the week: carrier, number, origin, local date. `pass` counts how often the week was replayed before. */
export const flightId = (flight: Flight, pass: number): string => {
  // New York's midnight has the same date in UTC.
  const date = new Date(flight.day + pass * week).toISOString().slice(0, 10).replaceAll('-', '');
  return `${flight.carrier}-${flight.number}-${flight.origin}-${date}`;
};
