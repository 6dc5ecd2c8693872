import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The week as its CSV files have it, worked out by nothing of Tributary's: what the graph is judged against.
 *
 *   node test/e2e/week-truth.ts     prints it as JSON
 */
export interface WeekTruth {
  readonly airports: number;
  readonly airlines: number;
  readonly planes: number;
  readonly observations: number;
  readonly flights: number;
  /** By airport and day, such as "JFK 2013-02-08". */
  readonly scheduled: Counts;
  readonly departed: Counts;
  readonly cancelled: Counts;
  /** By airport. */
  readonly bound: Counts;
  /** By airline, in minutes. */
  readonly meanDepartureDelay: Counts;
  readonly meanArrivalDelay: Counts;
  /** By airline. */
  readonly fleet: Counts;
  /** By registration, of planes that have a row. */
  readonly flown: Counts;
  /** By model, "none" where the plane has no row. */
  readonly models: Counts;
  /** By airport, degrees Fahrenheit. */
  readonly lastTemperature: Counts;
  readonly coldest: Counts;
}

export type Counts = Readonly<Record<string, number>>;

const table = (file: string): Record<string, string>[] => {
  const path = join(import.meta.dirname, '../../data/nyc-flights', file);
  const [header = [], ...lines] = readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(','));
  return lines.map((cells) => Object.fromEntries(header.map((name, index) => [name, cells[index] ?? ''])));
};

export const count = <Item>(items: readonly Item[], by: (item: Item) => string | undefined): Counts => {
  const counts: Record<string, number> = {};
  for (const item of items) {
    const name = by(item);
    if (name !== undefined) counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
};

/** Items without a value do not count. */
export const mean = <Item>(
  items: readonly Item[],
  by: (item: Item) => string,
  value: (item: Item) => number | null,
): Counts => {
  const sums: Record<string, number> = {};
  const known = items.filter((item) => value(item) !== null);
  for (const item of known) sums[by(item)] = (sums[by(item)] ?? 0) + (value(item) ?? 0);
  const counts = count(known, by);
  return Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / (counts[name] ?? 0)]));
};

const number = (text: string | undefined): number | null => (text === 'NA' ? null : Number(text));

export const weekTruth = (): WeekTruth => {
  const [airports, airlines, planes] = [table('airports.csv'), table('airlines.csv'), table('planes.csv')];
  const [flights, weather] = [table('flights.csv'), table('weather.csv')];
  const models = new Map(planes.map(({ tailnum, model }) => [tailnum, model]));
  const owners = new Map(flights.map(({ tailnum, carrier }) => [tailnum, carrier]));
  const isCancelled = ({ dep_time }: Record<string, string>): boolean => dep_time === 'NA';
  const place = ({ origin, year, month = '', day = '' }: Record<string, string>): string =>
    `${origin} ${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  const carrier = (row: Record<string, string>): string => row.carrier ?? '';
  const temperatures = weather.toSorted((a, b) => ((a.time_hour ?? '') < (b.time_hour ?? '') ? -1 : 1));
  return {
    airports: airports.length,
    airlines: airlines.length,
    planes: planes.length,
    observations: weather.length,
    flights: flights.length,
    scheduled: count(flights, place),
    departed: count(flights, (row) => (isCancelled(row) ? undefined : place(row))),
    cancelled: count(flights, (row) => (isCancelled(row) ? place(row) : undefined)),
    bound: count(flights, ({ dest }) => dest),
    meanDepartureDelay: mean(flights, carrier, ({ dep_delay }) => number(dep_delay)),
    meanArrivalDelay: mean(flights, carrier, ({ arr_delay }) => number(arr_delay)),
    fleet: count(planes, ({ tailnum }) => owners.get(tailnum)),
    flown: count(flights, ({ tailnum }) => (models.has(tailnum) ? tailnum : undefined)),
    models: count(flights, ({ tailnum }) => models.get(tailnum) ?? 'none'),
    lastTemperature: Object.fromEntries(temperatures.map(({ origin, temp }) => [origin, Number(temp)])),
    coldest: Object.fromEntries(
      temperatures
        .toSorted((a, b) => Number(b.temp) - Number(a.temp))
        .map(({ origin, temp }) => [origin, Number(temp)]),
    ),
  };
};

if (process.argv[1] === import.meta.filename) console.log(JSON.stringify(weekTruth(), null, 2));
