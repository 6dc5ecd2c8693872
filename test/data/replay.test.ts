import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import kafkajs from 'kafkajs';
import { describe, expect, test } from 'vitest';
import { flightSteps } from '../../data/replay/life.ts';
import { eventTopics, topics } from '../../data/replay/outgoing-record.ts';
import { recordsOf } from '../../data/replay/step.ts';
import { observationSteps } from '../../data/replay/weather.ts';
import { readWeek, weekBegin } from '../../data/replay/week.ts';
import { openTopic } from '../../subgraphs/kit/kafka/index.ts';
import { brokers, createTopic, kafka, produce, uniqueTopic } from '../support/kafka.ts';

const program = join(import.meta.dirname, 'fixture-replay.ts');

const makeTopics = async (): Promise<string> => {
  const prefix = uniqueTopic('replay');
  const compact = { 'cleanup.policy': 'compact' };
  const creating = Object.values(topics).map((topic) => {
    const config = eventTopics.includes(topic) ? {} : compact;
    return createTopic(`${prefix}.${topic}`, { partitions: topic.startsWith('flights.') ? 6 : 1, config });
  });
  await Promise.all(creating);
  return prefix;
};

type Program = ChildProcessByStdio<null, Readable, null>;

/** kafkajs arms a timer in the past, and Node 24 warns of it. */
const quiet = '--disable-warning=TimeoutNegativeWarning';

const start = (prefix: string): Program =>
  spawn(process.execPath, [quiet, program, brokers(), prefix], { stdio: ['ignore', 'pipe', 'inherit'] });

/** Resolves with the lines of the program when it has ended. `until` may kill it at a line. */
const lines = async (running: Program, until: (line: string, index: number) => void = () => undefined) => {
  const all: string[] = [];
  for await (const line of createInterface(running.stdout)) {
    all.push(line);
    until(line, all.length);
  }
  return all;
};

/** What is committed on a topic: key and value of each record, in order by partition. */
const committed = async (name: string) => {
  const topic = await openTopic({ brokers: brokers().split(','), clientId: 'test', name });
  const records: { key: string; value: unknown }[] = [];
  const range = topic.readRange(await topic.earliest(), await topic.latest(), AbortSignal.timeout(30_000));
  for await (const batch of range) {
    for (const { key, value } of batch.records) {
      records.push({ key: String(key), value: value === null ? null : JSON.parse(value.toString()) });
    }
  }
  await topic.close();
  return records;
};

const { airports, airlines, planes, flights, observations } = readWeek();
const steps = [...flightSteps(flights), ...observationSteps(observations, weekBegin)].filter(
  ({ kind }) => kind !== 'REMOVED',
);
/** By topic and key, worked out without the order of the replay: a life is in order by itself. */
const expected = Map.groupBy(
  [...airports, ...airlines, ...planes, ...steps.flatMap((step) => recordsOf(step, 0))],
  ({ topic }) => topic,
);

const valuesByKey = (records: readonly { key: string; value: unknown }[], all: boolean) =>
  new Map(
    [...Map.groupBy(records, ({ key }) => key)].map(([key, of]) => [
      key,
      of.map(({ value }) => value).slice(all ? 0 : -1),
    ]),
  );

/** Every event once, in order for each key; of rows the last one, since a row may be written again. */
const expectWeek = async (prefix: string): Promise<void> => {
  const all = Object.values(topics);
  const records = await Promise.all(all.map((topic) => committed(`${prefix}.${topic}`)));
  for (const [index, topic] of all.entries()) {
    const isEvents = eventTopics.includes(topic);
    const read = valuesByKey(records[index] ?? [], isEvents);
    const wanted = valuesByKey(expected.get(topic) ?? [], isEvents);
    expect(read, topic).toEqual(wanted);
  }
};

describe('the replay on a real broker', () => {
  test('at full speed leaves the last state of every flight, and every event once; a second start adds nothing', async () => {
    const prefix = await makeTopics();
    const said = await lines(start(prefix));
    expect(said.at(-1)).toBe(`ended ${steps.length}`);
    expect(await lines(start(prefix))).toEqual(['ended 0']);
    await expectWeek(prefix);
  });

  test('goes on after kill -9, wherever it hits, without a gap and without an event twice', async () => {
    const prefix = await makeTopics();
    // Behind the second, the first and the fifth transaction: the next one is then under way.
    for (const killAt of [2, 1, 5]) {
      const running = start(prefix);
      await lines(running, (_, index) => index === killAt && running.kill('SIGKILL'));
    }
    const said = await lines(start(prefix));
    expect(said.at(-1)).not.toBe(`ended ${steps.length}`);
    await expectWeek(prefix);
  });

  test('goes on from a position of a time without weather, on a topic that a subgraph made, and keeps that small', async () => {
    const prefix = await makeTopics();
    const topic = `${prefix}.position`;
    await createTopic(topic, { config: { 'cleanup.policy': 'compact' } });
    const until = '2013-02-10T12:00:00.000Z';
    const earlier = { name: prefix, at: until, flight: 'UA-1-EWR-20130210', kind: 'DEPARTED', speed: 60 };
    await produce(topic, [{ key: prefix, value: JSON.stringify(earlier) }]);
    const said = await lines(start(prefix));
    const rest = steps.filter(({ at }) => at > Date.parse(until));
    expect(Number(said.at(-1)?.split(' ')[1])).toBeCloseTo(rest.length, -1);
    // Rows that do not change come again with each start.
    expect(await committed(`${prefix}.${topics.planes}`)).toHaveLength(planes.length);
    const admin = kafka().admin();
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic }],
    });
    await admin.disconnect();
    const set = resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]);
    expect(set).toEqual(
      expect.arrayContaining([
        ['cleanup.policy', 'compact'],
        ['segment.bytes', '1048576'],
      ]),
    );
  });
});
