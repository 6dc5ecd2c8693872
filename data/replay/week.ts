import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseCsv, textOf } from './csv.ts';
import { type Flight, readFlight } from './flight.ts';
import type { OutgoingRecord } from './outgoing-record.ts';
import { airlineRecord, airportRecord, planeRecord } from './reference-records.ts';
import { type Observation, readObservation } from './weather.ts';

/** Midnight of 4 February 2013 in New York: where a pass begins. */
export const weekBegin = Date.parse('2013-02-04T05:00:00Z');

const folder = join(import.meta.dirname, '..', 'nyc-flights');

/** The data set: what stays as it is, and what happens in the week. */
export interface Week {
  readonly airports: readonly OutgoingRecord[];
  readonly airlines: readonly OutgoingRecord[];
  readonly planes: readonly OutgoingRecord[];
  readonly flights: readonly Flight[];
  readonly observations: readonly Observation[];
}

/** Reads data/nyc-flights. Throws with file and line for what it cannot read. */
export const readWeek = (): Week => {
  const rows = (file: string) => parseCsv(readFileSync(join(folder, file), 'utf8'), file);
  const airports = rows('airports.csv');
  const zones = new Map(airports.map((row) => [row.faa, textOf(row, 'tzone')]));
  const flights = rows('flights.csv').map((row) => readFlight(row, (faa) => zones.get(faa) ?? null));
  const flownBy = new Map(flights.map(({ tailNumber, carrier }) => [tailNumber, carrier]));
  return {
    airports: airports.map(airportRecord),
    airlines: rows('airlines.csv').map(airlineRecord),
    planes: rows('planes.csv').map((row) => planeRecord(row, flownBy.get(textOf(row, 'tailnum')) ?? null)),
    flights,
    observations: rows('weather.csv').map(readObservation),
  };
};
