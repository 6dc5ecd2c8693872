import type { Flight } from './flight.ts';
import { day, hour, minute, week } from './local-time.ts';

/** What happens to a flight, in the order of a life. REMOVED is no event of the flight: its row goes when the week begins again. */
export const flightStepKinds = [
  'SCHEDULED',
  'DELAYED',
  'DEPARTED',
  'ARRIVED',
  'CANCELLED',
  'DIVERTED',
  'REMOVED',
] as const;
export type FlightStepKind = (typeof flightStepKinds)[number];

export interface FlightStep {
  /** When it happens in the first pass, milliseconds since 1970. */
  readonly at: number;
  readonly kind: FlightStepKind;
  readonly flight: Flight;
}

/** A flight counts as delayed from here on: the measure of the US Department of Transportation. */
const lateFrom = 15;
/** The data set has no time for these; boards learn of a delay half an hour and of a cancellation two hours ahead. */
const delayKnownBefore = 30 * minute;
const cancelledBefore = 2 * hour;
/** Airlines publish a day in the night before the day before: the quiet hours are filled, and boards see a day ahead. */
const announcedBefore = day;
const announcementTakes = 6 * hour;
/** Of an airliner, in miles a minute: for the time of an arrival of which nothing else is known. */
const cruise = 8;

/** All that happens to the flights of a week, life by life. */
export const flightSteps = (flights: readonly Flight[]): readonly FlightStep[] =>
  [...Map.groupBy(flights, (flight) => flight.day).values()].flatMap(stepsOfDay);

const stepsOfDay = (flights: readonly Flight[]): readonly FlightStep[] =>
  flights
    .toSorted((a, b) => a.scheduledDeparture - b.scheduledDeparture)
    .flatMap((flight, index, { length }) => {
      const spread = Math.floor((announcementTakes / length) * index);
      return lifeOf(flight, flight.day - announcedBefore + spread);
    });

/** The life of one flight, in order of time. `announced`: when it becomes known. */
export const lifeOf = (flight: Flight, announced: number): readonly FlightStep[] => {
  const step = (kind: FlightStepKind, at: number): FlightStep => ({ kind, at, flight });
  const begin = step('SCHEDULED', announced);
  const end = step('REMOVED', flight.scheduledDeparture + week);
  if (flight.departure === null) {
    return [begin, step('CANCELLED', flight.scheduledDeparture - cancelledBefore), end];
  }
  const late = (flight.departureDelay ?? 0) >= lateFrom;
  return [
    begin,
    ...(late ? [step('DELAYED', flight.scheduledDeparture - delayKnownBefore)] : []),
    step('DEPARTED', flight.departure),
    step(flight.outcome, flight.arrival ?? flight.departure + estimatedFlight(flight)),
    end,
  ];
};

/** How long a flight was about under way, where no clock of its destination tells. */
const estimatedFlight = (flight: Flight): number => {
  if (flight.airTimeMinutes !== null) return flight.airTimeMinutes * minute;
  if (flight.scheduledArrival !== null) return flight.scheduledArrival - flight.scheduledDeparture;
  return (flight.distanceMiles / cruise) * minute;
};
