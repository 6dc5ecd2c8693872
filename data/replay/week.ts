import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseCsv, textOf } from './csv.ts';
import { type Flight, readFlight } from './flight.ts';
import { airportRecord, type OutgoingRecord } from './records.ts';

/** Midnight of 4 February 2013 in New York: where a pass begins. */
export const weekBegin = Date.parse('2013-02-04T05:00:00Z');

const folder = join(import.meta.dirname, '..', 'nyc-flights');

/** The data set: records of all airports, and the flights of the week. */
export interface Week {
  readonly airports: readonly OutgoingRecord[];
  readonly flights: readonly Flight[];
}

/** Reads data/nyc-flights. Throws with file and line for what it cannot read. */
export const readWeek = (): Week => {
  const rows = (file: string) => parseCsv(readFileSync(join(folder, file), 'utf8'), file);
  const airports = rows('airports.csv');
  const zones = new Map(airports.map((row) => [row.faa, textOf(row, 'tzone')]));
  return {
    airports: airports.map(airportRecord),
    flights: rows('flights.csv').map((row) => readFlight(row, (faa) => zones.get(faa) ?? null)),
  };
};
