import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { logLevel } from 'kafkajs';
import { expect, onTestFinished, test, vi } from 'vitest';
import { topicWarnings } from '../../cli/doctor/topic-warnings.ts';
import { healthOf, runSubgraph } from '../kit/subgraph/running.ts';
import { brokers, createTopic, kafka, produce, uniqueTopic } from '../support/kafka.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { tributary } from './run.ts';

const sdl = (topic: string) => `
type Step @topic(name: "${topic}", key: "gate", cleanup: DELETE, partitions: 1) { gate: ID! number: Int! }
type Query { ok: Boolean }
type Subscription { steps(from: Cursor): Step! @consume }`;

const record = (number: number) => ({ key: 'g', value: JSON.stringify({ gate: 'g', number }) });

/** The doctor asks a gateway no more than this. */
const readyGateway = async (): Promise<number> => {
  const server = createServer((_, response) => response.end('{"status":"ready"}'));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
};

/** A transaction that is not ended; its broker would end it after five minutes. */
const leaveOpen = async (topic: string) => {
  const client = kafka();
  client.logger().setLogLevel(logLevel.NOTHING);
  const settings = { idempotent: true, maxInFlightRequests: 1, transactionTimeout: 300_000 };
  const producer = client.producer({ transactionalId: topic, ...settings });
  await producer.connect();
  onTestFinished(() => producer.disconnect());
  const transaction = await producer.transaction();
  await transaction.send({ topic, messages: [record(1), record(2)] });
  return transaction;
};

test('the doctor warns of a transaction that is open for a minute: where, how much it holds back, since when, and how to end it', async () => {
  const topic = uniqueTopic('steps');
  await createTopic(topic);
  await produce(topic, [record(0)]);
  const { url, port } = await runSubgraph({ sdl: sdl(topic), resolvers: { Query: { ok: () => true } } });
  const directory = await scratchDirectory();
  await writeFile(join(directory, 'steps.graphql'), sdl(topic));
  await writeFile(
    join(directory, 'tributary.yaml'),
    `gateway: { port: ${await readyGateway()} }\nsubgraphs: { steps: { dir: ., port: ${port} } }\n`,
  );
  const doctor = () => tributary(['doctor', '--brokers', brokers()], { cwd: directory });
  const transaction = await leaveOpen(topic);
  await produce(topic, [record(3)]);
  const heldBack = async () => (await healthOf(url)).topics[0]?.heldBack;
  await expect.poll(heldBack).toMatchObject({ partition: 0, from: 1, records: 3 });
  const begun = await doctor();
  expect(begun.stdout).toMatch(/^ok {3}subgraph steps /m);
  expect(begun.code).toBe(0);

  // The subgraph runs here, so a minute of its clock need not be waited for.
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
  onTestFinished(() => void vi.useRealTimers());
  const hung = await doctor();
  vi.useRealTimers();
  const place = `--topic ${topic} --partition 0`;
  const line = hung.stdout.slice(hung.stdout.indexOf('WARN'));
  expect(line).toMatch(
    new RegExp(
      `^WARN subgraph steps +${topic}: a transaction that is open since 20[-\\d]+T[:.\\d]+Z holds back 3 records of partition 0 `,
    ),
  );
  expect(line).toContain(`describe-producers ${place} (or find-hanging ${place})`);
  expect(line).toContain(`abort ${place} --start-offset 1\n`);
  // It is served all the same: a warning is no failure.
  expect(hung.code).toBe(0);

  await transaction.abort();
  await expect.poll(heldBack).toBeNull();
  expect((await doctor()).stdout).not.toContain('WARN');
}, 180_000);

test('the doctor tells since when a transaction is open, and is silent for the first minute', () => {
  const held = { partition: 2, from: 7, records: 1 };
  expect(topicWarnings({ topic: 't', heldBack: { ...held, seconds: 59.9 } })).toEqual([]);
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2013-02-08T12:01:00Z') });
  onTestFinished(() => void vi.useRealTimers());
  expect(topicWarnings({ topic: 't', heldBack: { ...held, seconds: 60 } })).toMatchObject([
    {
      detail: expect.stringContaining(
        'open since 2013-02-08T12:00:00.000Z holds back 1 record of partition 2 ',
      ),
    },
  ]);
});

test('S6 the doctor warns of cursors above 1 KB', () => {
  const position = Array.from({ length: 1_000 }, () => 0);
  expect(topicWarnings({ topic: 't', position, cursorBytes: 1_024, heldBack: null })).toEqual([]);
  expect(topicWarnings({ topic: 't', position, cursorBytes: 1_025, heldBack: null })).toEqual([
    {
      detail: expect.stringMatching(/^t: its cursors have 1025 bytes, since it has 1000 partitions: /),
      cure: expect.stringContaining('fewer partitions'),
    },
  ]);
  // A subgraph of another version may not say how long they are.
  expect(topicWarnings({ topic: 't' })).toEqual([]);
});
