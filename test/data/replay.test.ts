import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { flightId } from '../../data/replay/flight.ts';
import { stepsOf } from '../../data/replay/life.ts';
import { recordsOf, topics } from '../../data/replay/records.ts';
import { readWeek } from '../../data/replay/week.ts';
import { openTopic } from '../../subgraphs/kit/kafka/index.ts';
import { brokers, createTopic, uniqueTopic } from '../support/kafka.ts';

const program = join(import.meta.dirname, 'fixture-replay.ts');

const makeTopics = async (): Promise<string> => {
  const prefix = uniqueTopic('replay');
  const compact = { 'cleanup.policy': 'compact' };
  await createTopic(`${prefix}.${topics.airports}`, { config: compact });
  await createTopic(`${prefix}.${topics.flights}`, { partitions: 6, config: compact });
  await createTopic(`${prefix}.${topics.events}`, { partitions: 6 });
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

const { flights, airports } = readWeek();
const steps = stepsOf(flights).filter(({ kind }) => kind !== 'REMOVED');

/** The last row of each flight, worked out without the order of the replay: a life is in order by itself. */
const lastRows = () =>
  new Map(steps.map((step) => [flightId(step.flight, 0), recordsOf(step, 0)[0]?.value] as const));

/** Events by flight, in the order of its life. */
const eventsByFlight = (records: readonly { key: string; value: unknown }[]) =>
  new Map(
    [...Map.groupBy(records, ({ key }) => key)].map(([key, of]) => [key, of.map(({ value }) => value)]),
  );

const expectWeek = async (prefix: string): Promise<void> => {
  const rows = await committed(`${prefix}.${topics.flights}`);
  expect(new Map(rows.map(({ key, value }) => [key, value]))).toEqual(lastRows());
  const events = await committed(`${prefix}.${topics.events}`);
  expect(events).toHaveLength(steps.length);
  const expected = steps.flatMap((step) => recordsOf(step, 0).slice(1));
  expect(eventsByFlight(events)).toEqual(eventsByFlight(expected as { key: string; value: unknown }[]));
  const read = await committed(`${prefix}.${topics.airports}`);
  expect(new Map(read.map(({ key, value }) => [key, value]))).toEqual(
    new Map(airports.map(({ key, value }) => [key, value])),
  );
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
});
