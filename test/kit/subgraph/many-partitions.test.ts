import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { openTopic } from '../../../subgraphs/kit/kafka/open-topic.ts';
import { brokers, createTopic, deleteTopic, produce, uniqueTopic } from '../../support/kafka.ts';
import { follow, healthOf, runSubgraph, tributaryOf } from './running.ts';

/** All thousand take 40 s of a broker on two cores: `TRIBUTARY_TEST_PARTITIONS=1000`. */
const partitions = Number(process.env.TRIBUTARY_TEST_PARTITIONS ?? 300);

const sdl = (steps: string) => `
type Step @topic(name: "${steps}", key: "gate", cleanup: DELETE, partitions: ${partitions}) { gate: ID! number: Int! }
type Subscription { steps(gate: ID, from: Cursor): Step! @consume }`;
const query = 'subscription($gate: ID, $from: Cursor) { steps(gate: $gate, from: $from) { number } }';

const records = (round: number, timestamp = Date.now()) =>
  Array.from({ length: partitions }, (_, partition) => ({
    key: `g${partition}`,
    value: JSON.stringify({ gate: `g${partition}`, number: round * partitions + partition }),
    partition,
    timestamp,
  }));

const megabytes = () => Math.round(process.memoryUsage().rss / 1024 / 1024);

test(`S5 S6 a topic of many partitions: it starts, streams live, catches up from before the window, and says that its cursors are long`, async () => {
  const topic = uniqueTopic('steps');
  await createTopic(topic, { partitions });
  onTestFinished(() => deleteTopic(topic));
  // A write to many partitions of which some have no leader yet would be tried again as a whole.
  const opened = await openTopic({ brokers: brokers().split(','), clientId: 'test', name: topic });
  await expect.poll(() => opened.latest().catch(() => null), { timeout: 120_000 }).toHaveLength(partitions);
  await opened.close();
  await produce(topic, records(0, Date.now() - 3_600_000));
  const warnings: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => warnings.push(line) });
  const before = { memory: megabytes(), time: performance.now() };
  const { url } = await runSubgraph({ sdl: sdl(topic), log });
  const startMs = Math.round(performance.now() - before.time);
  const live = follow(url, query);
  await expect.poll(() => live.pings.length).toBeGreaterThan(0);
  await produce(topic, records(1));
  const received = await live.until(partitions);
  const numbersOf = (results: typeof received) =>
    results.map(({ data }) => (data as { steps: { number: number } }).steps.number).sort((a, b) => a - b);
  const numbers = (from: number, until: number) => Array.from({ length: until - from }, (_, n) => from + n);
  expect(numbersOf(received)).toEqual(numbers(partitions, 2 * partitions));

  const late = await follow(url, query, { variables: { from: 'EARLIEST' } }).until(2 * partitions);
  expect(numbersOf(late)).toEqual(numbers(0, 2 * partitions));
  const middle = tributaryOf(late[partitions / 2]).cursor;
  const rest = await follow(url, query, { variables: { from: middle } }).until(1.5 * partitions - 1);
  const first = numbersOf(late.slice(0, partitions / 2 + 1));
  expect([...first, ...numbersOf(rest)].sort((a, b) => a - b)).toEqual(numbers(0, 2 * partitions));

  const health = await healthOf(url);
  expect(health.subscriptions.sideFetches.opened).toBe(2);
  expect(health.topics[0]?.position).toHaveLength(partitions);
  const bytes = tributaryOf(received.at(-1)).cursor.length;
  const warned = warnings.some((line) => line.includes('cursors'));
  expect(warned).toBe(bytes > 1_024);
  expect(health.topics[0]?.cursorBytes).toBe(bytes);
  process.stdout.write(
    `${partitions} partitions: started in ${startMs} ms, ${megabytes() - before.memory} MB more resident memory, cursors of ${bytes} bytes\n`,
  );
}, 240_000);
