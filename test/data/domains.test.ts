import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, validate } from 'graphql';
import { describe, expect, test } from 'vitest';
import { stepsOf } from '../../data/replay/life.ts';
import { type OutgoingRecord, recordsOf } from '../../data/replay/records.ts';
import { readWeek } from '../../data/replay/week.ts';
import { loadSupergraph } from '../../gateway/generation/supergraph.ts';
import { compose, describeSubgraph, type SchemaSource } from '../../schema/index.ts';

const names = ['airports', 'flights'];
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

  test('the samples of the page are valid', () => {
    const page = readFileSync('console/index.html', 'utf8');
    const samples = [...page.matchAll(/^ {4}query: '(.*)',$/gm)].map(([, text]) =>
      text!.replaceAll('\\n', '\n'),
    );
    expect(samples).toHaveLength(4);
    for (const sample of samples) expect(validate(apiSchema, parse(sample))).toEqual([]);
  });
});

describe('what the replay writes is what the SDL declares', () => {
  const topics = names.flatMap((name) => describeSubgraph(sourcesOf(name)).description.topics);
  const { airports, flights } = readWeek();
  const steps = stepsOf(flights).filter(({ kind }) => kind !== 'REMOVED');
  const written = [...airports, ...steps.flatMap((step) => recordsOf(step, 0))];

  test('each topic is declared, and each record is keyed as its topic says', () => {
    const keys = new Map(topics.map(({ name, key }) => [name, key[0]!]));
    expect([...new Set(written.map(({ topic }) => topic))].toSorted()).toEqual([...keys.keys()].toSorted());
    expect(written.filter(({ topic, key, value }) => value?.[keys.get(topic)!] !== key)).toEqual([]);
  });

  test.each(topics)(
    '$name: no field that the type lacks, none null that may not be, enums known',
    (topic) => {
      const records = written.filter((record) => record.topic === topic.name);
      expect(records.length).toBeGreaterThan(1_000);
      const fields = new Map(
        topic.fields.filter(({ source }) => source.kind === 'value').map(({ name, type }) => [name, type]),
      );
      const misfits = records.flatMap(({ value }: OutgoingRecord) => [
        ...Object.keys(value!).filter((name) => !fields.has(name)),
        ...[...fields].flatMap(([name, type]) => {
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
});
