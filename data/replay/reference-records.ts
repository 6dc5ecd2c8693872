import { type CsvRow, numberOf, required, textOf } from './csv.ts';
import { type OutgoingRecord, topics } from './outgoing-record.ts';

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

/** A line of airlines.csv as a record. */
export const airlineRecord = (row: CsvRow): OutgoingRecord => {
  const code = required(textOf(row, 'carrier'), 'carrier');
  return { topic: topics.airlines, key: code, value: { code, name: textOf(row, 'name') } };
};

const aircraftTypes: Readonly<Record<string, string>> = {
  'Fixed wing single engine': 'FIXED_WING_SINGLE_ENGINE',
  'Fixed wing multi engine': 'FIXED_WING_MULTI_ENGINE',
  Rotorcraft: 'ROTORCRAFT',
};

const engineTypes: Readonly<Record<string, string>> = {
  'Turbo-fan': 'TURBO_FAN',
  'Turbo-jet': 'TURBO_JET',
  'Turbo-prop': 'TURBO_PROP',
  'Turbo-shaft': 'TURBO_SHAFT',
  Reciprocating: 'RECIPROCATING',
  '4 Cycle': 'FOUR_CYCLE',
};

/** A line of planes.csv as a record. `airline`: who flew it. Throws for a type of aircraft or engine that is new. */
export const planeRecord = (row: CsvRow, airline: string | null): OutgoingRecord => {
  const tailNumber = required(textOf(row, 'tailnum'), 'tailnum');
  return {
    topic: topics.planes,
    key: tailNumber,
    value: {
      tailNumber,
      airline,
      yearBuilt: numberOf(row, 'year'),
      type: symbolOf(row, 'type', aircraftTypes),
      manufacturer: textOf(row, 'manufacturer'),
      model: textOf(row, 'model'),
      engines: numberOf(row, 'engines'),
      engineType: symbolOf(row, 'engine', engineTypes),
      seats: numberOf(row, 'seats'),
      cruisingSpeedMph: numberOf(row, 'speed'),
    },
  };
};

/** The enum's symbol for a text of the data set; null for NA. */
const symbolOf = (row: CsvRow, column: string, symbols: Readonly<Record<string, string>>): string | null => {
  const text = textOf(row, column);
  return text === null ? null : required(symbols[text] ?? null, `${column} ("${text}" has no symbol)`);
};
