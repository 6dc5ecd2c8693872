import { type CsvRow, numberOf, required, textOf } from './csv.ts';
import { week } from './local-time.ts';
import { type OutgoingRecord, topics } from './outgoing-record.ts';

/** The weather at an airport at a full hour, in the units of the data set. */
export interface Observation {
  readonly airport: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly measured: Readonly<Record<string, number | null>>;
}

export interface ObservationStep {
  readonly kind: 'OBSERVED';
  /** When it happens in the first pass, milliseconds since 1970. */
  readonly at: number;
  readonly observation: Observation;
  /** The days around the week come with the first and the last pass only: in between, those hours are another pass's. */
  readonly passes: 'FIRST' | 'ALL' | 'LAST';
}

/** Reads a line of weather.csv. */
export const readObservation = (row: CsvRow): Observation => ({
  airport: required(textOf(row, 'origin'), 'origin'),
  at: Date.parse(required(textOf(row, 'time_hour'), 'time_hour')),
  measured: {
    temperature: numberOf(row, 'temp'),
    dewPoint: numberOf(row, 'dewp'),
    humidity: numberOf(row, 'humid'),
    windDirection: numberOf(row, 'wind_dir'),
    windSpeed: rounded(numberOf(row, 'wind_speed')),
    windGust: rounded(numberOf(row, 'wind_gust')),
    precipitation: numberOf(row, 'precip'),
    pressure: numberOf(row, 'pressure'),
    visibility: numberOf(row, 'visib'),
  },
});

/** Winds were read in whole knots and multiplied by 1.15078: 10.357019999999999 miles an hour were 10.35702. */
const rounded = (speed: number | null): number | null => (speed === null ? null : Number(speed.toFixed(5)));

/** `begin`: when the week does, milliseconds since 1970. */
export const observationSteps = (
  observations: readonly Observation[],
  begin: number,
): readonly ObservationStep[] =>
  observations.map((observation) => {
    const { at } = observation;
    const passes = at < begin ? 'FIRST' : at < begin + week ? 'ALL' : 'LAST';
    return { kind: 'OBSERVED', at, observation, passes };
  });

/** The airport's weather from now on, and the observation. `pass` counts how often the week was replayed before. */
export const observationRecords = (
  { observation: { airport, at, measured } }: ObservationStep,
  pass: number,
): readonly OutgoingRecord[] => {
  const value = { airport, observedAt: new Date(at + pass * week).toISOString(), ...measured };
  return [
    { topic: topics.weather, key: airport, value },
    { topic: topics.observations, key: airport, value },
  ];
};
