import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, validate } from 'graphql';
import { describe, expect, test } from 'vitest';
import { parseCsv } from '../../data/replay/csv.ts';
import type { Position } from '../../data/replay/cycle.ts';
import { flightSteps } from '../../data/replay/life.ts';
import { type OutgoingRecord, topics as topicNames } from '../../data/replay/outgoing-record.ts';
import { encodePosition } from '../../data/replay/position-record.ts';
import { recordsOf } from '../../data/replay/step.ts';
import { observationSteps } from '../../data/replay/weather.ts';
import { readWeek, weekBegin } from '../../data/replay/week.ts';
import { loadSupergraph } from '../../gateway/generation/supergraph.ts';
import { compose, describeSubgraph, type SchemaSource } from '../../schema/index.ts';

const names = ['airports', 'fleet', 'flights', 'weather'];
const sourcesOf = (name: string): readonly SchemaSource[] => {
  const folder = join('subgraphs', name);
  return readdirSync(folder)
    .filter((file) => file.endsWith('.graphql'))
    .map((file) => ({ file: join(folder, file), text: readFileSync(join(folder, file), 'utf8') }));
};

const composition = compose(
  names.map((name) => ({ name, url: `http://127.0.0.1/${name}`, sources: sourcesOf(name) })),
);
const { apiSchema } = loadSupergraph(composition.supergraphSdl);

describe('the reference domains', () => {
  test('compose without a hint', () => {
    expect(composition.hints).toEqual([]);
  });

  test('the operations of the README are valid', () => {
    const blocks = readFileSync('README.md', 'utf8').matchAll(
      /```graphql\n(?:# .*\n)?((?:query|mutation|subscription) .*?)```/gs,
    );
    const operations = [...blocks].map(([, text]) => parse(text!));
    expect(operations.length).toBeGreaterThanOrEqual(4);
    for (const operation of operations) expect(validate(apiSchema, operation)).toEqual([]);
  });
});

describe('what the replay writes is what the SDL declares', () => {
  const topics = names.flatMap((name) => describeSubgraph(sourcesOf(name)).description.topics);
  const { airports, airlines, planes, flights, observations } = readWeek();
  const steps = [...flightSteps(flights), ...observationSteps(observations, weekBegin)];
  const last: Position = { at: weekBegin, subject: 'JFK', kind: 'OBSERVED' };
  const written: OutgoingRecord[] = [
    ...[airports, airlines, planes].flat(),
    ...steps.filter(({ kind }) => kind !== 'REMOVED').flatMap((step) => recordsOf(step, 0)),
    { topic: 'flights.replay', key: 'week', value: JSON.parse(encodePosition('week', last, 60)) },
  ];
  /** Of the position: only the replay reads these. */
  const unread = new Map([['flights.replay', ['subject', 'kind']]]);

  test('each topic is declared, and each record is keyed as its topic says', () => {
    const keys = new Map(topics.map(({ name, key }) => [name, key[0]!]));
    expect([...new Set(written.map(({ topic }) => topic))].toSorted()).toEqual([...keys.keys()].toSorted());
    expect(written.filter(({ topic, key, value }) => value?.[keys.get(topic)!] !== key)).toEqual([]);
  });

  test.each(topics)(
    '$name: no field that the type lacks, none null that may not be, enums known',
    (topic) => {
      const records = written.filter((record) => record.topic === topic.name);
      expect(records).not.toEqual([]);
      const fields = topic.fields.flatMap(({ source, type }) =>
        source.kind === 'value' ? [{ name: source.path.join('.'), type }] : [],
      );
      const known = new Set([...fields.map(({ name }) => name), ...(unread.get(topic.name) ?? [])]);
      const misfits = records.flatMap(({ value }: OutgoingRecord) => [
        ...Object.keys(value!).filter((name) => !known.has(name)),
        ...fields.flatMap(({ name, type }) => {
          const held = value![name] ?? null;
          if (held === null) return type.nonNull ? [`${name} is null`] : [];
          return type.kind === 'enum' && !type.values.includes(String(held)) ? [`${name} is ${held}`] : [];
        }),
      ]);
      expect(misfits).toEqual([]);
    },
  );

  test('airports keep what the file knows, with NA as null', () => {
    expect(airports.find(({ key }) => key === 'EEN')?.value).toEqual({
      faa: 'EEN',
      name: 'Dillant Hopkins Airport',
      latitude: 72.270833,
      longitude: 42.898333,
      altitudeFeet: 149,
      utcOffsetHours: -5,
      dst: 'US',
      timeZone: null,
    });
  });

  test('planes keep what the register knows, with its texts as symbols, and who flew them', () => {
    expect(planes.find(({ key }) => key === 'N380HA')?.value).toEqual({
      tailNumber: 'N380HA',
      airline: 'HA',
      yearBuilt: 2010,
      type: 'FIXED_WING_MULTI_ENGINE',
      manufacturer: 'AIRBUS',
      model: 'A330-243',
      engines: 2,
      engineType: 'TURBO_FAN',
      seats: 377,
      cruisingSpeedMph: null,
    });
    expect(planes.find(({ value }) => value?.yearBuilt === null)).toBeDefined();
    expect(planes.filter(({ value }) => value?.airline === null)).toEqual([]);
  });

  test('the weather keeps what was observed, with winds as they were before they were multiplied', () => {
    const records = written.filter(({ topic }) => topic === topicNames.observations);
    expect(records).toHaveLength(648);
    expect(records[0]).toEqual({
      topic: 'weather.observations',
      key: 'EWR',
      value: {
        airport: 'EWR',
        observedAt: '2013-02-03T05:00:00.000Z',
        temperature: 24.98,
        dewPoint: 21.92,
        humidity: 87.96,
        windDirection: 0,
        windSpeed: 0,
        windGust: null,
        precipitation: 0,
        pressure: null,
        visibility: 5,
      },
    });
    expect(records.find(({ value }) => value?.windSpeed === 10.35702)).toBeDefined();
  });

  test.each([
    ['a flight', 'flights.csv', 'dest', 4, ['BQN', 'PSE', 'SJU', 'STT'], airports],
    ['a flight', 'flights.csv', 'tailnum', 321, [], planes],
    ['a flight', 'flights.csv', 'carrier', 0, [], airlines],
  ] as const)('%s of %s may name in %s what has no row', (_, file, column, count, some, rows) => {
    const keys = new Set(rows.map(({ key }) => key));
    const named = parseCsv(readFileSync(join('data/nyc-flights', file), 'utf8'), file).map(
      (row) => row[column]!,
    );
    const missing = [...new Set(named)].filter((name) => !keys.has(name)).toSorted();
    expect(missing).toHaveLength(count);
    expect(missing).toEqual(expect.arrayContaining([...some]));
  });
});
