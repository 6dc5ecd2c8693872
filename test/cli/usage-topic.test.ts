import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { usageChecks } from '../../cli/doctor/kafka.ts';
import { UsageTopic } from '../../cli/usage-topic.ts';
import { freePort } from '../../local/ports.ts';
import { untilReady } from '../../local/supervisor/index.ts';
import { brokers, createTopic, kafka, uniqueTopic } from '../support/kafka.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { startTributary } from './run.ts';

const log = pino({ level: 'silent' });

/** Reads a topic from its start with a client that is not ours, until `count` records are there. */
const read = async (topic: string, count: number): Promise<string[]> => {
  // A fetch that finds nothing waits for 5 s by default, and disconnect for it.
  const consumer = kafka().consumer({ groupId: uniqueTopic('reader'), maxWaitTimeInMs: 100 });
  onTestFinished(() => consumer.disconnect());
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const values: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  await consumer.run({
    eachMessage: async ({ message }) => {
      values.push(String(message.value));
      if (values.length === count) resolve();
    },
  });
  await promise;
  return values;
};

test('lines are records of the topic; a missing topic refuses them for good, an absent broker for now', async () => {
  const topic = uniqueTopic('usage');
  await createTopic(topic);
  const open = (name: string, list = brokers()) =>
    new UsageTopic({ topic: name, brokers: list.split(','), log });
  const sink = open(topic);
  onTestFinished(() => sink.close());
  await sink.write(['{"v":1}', '{"v":2}']);
  expect(await read(topic, 2)).toEqual(['{"v":1}', '{"v":2}']);
  const missing = open(uniqueTopic('usage'));
  onTestFinished(() => missing.close());
  await expect(missing.write(['{}'])).rejects.toMatchObject({
    code: 'RECORD_REFUSED',
    message: expect.stringContaining('Create it first.'),
  });
  const away = open(topic, '127.0.0.1:1');
  await expect(away.write(['{}'])).rejects.toMatchObject({ code: 'KAFKA_UNAVAILABLE' });
  await away.close();
});

/** A gateway over a subgraph that need not run: what clients ask is counted all the same. */
const gateway = async (usage: string): Promise<{ url: string; stop(): Promise<number | null> }> => {
  const cwd = await scratchDirectory();
  const port = await freePort();
  await writeFile(join(cwd, 'gates.graphql'), 'type Query { gate: Int }\n');
  await writeFile(
    join(cwd, 'tributary.yaml'),
    `gateway: { port: ${port}, usage: ${usage} }\nsubgraphs: { gates: { url: http://127.0.0.1:1/graphql, schema: gates.graphql } }\n`,
  );
  const { child, finished, output } = startTributary(['gateway'], { cwd });
  onTestFinished(() => void child.kill('SIGKILL'));
  const url = `http://127.0.0.1:${port}`;
  const died = once(child, 'exit').then(() => Promise.reject(new Error(output.stdout + output.stderr)));
  died.catch(() => undefined);
  await Promise.race([untilReady(`${url}/health/ready`, { signal: AbortSignal.timeout(30_000) }), died]);
  return {
    url,
    stop: async () => {
      child.kill('SIGTERM');
      return (await finished).code;
    },
  };
};

const ask = async (url: string, name: string): Promise<void> => {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: `query ${name} { gate }` }),
  });
  await response.text();
};

test('a gateway writes its usage to the topic, at the latest when it stops', async () => {
  const topic = uniqueTopic('usage');
  await createTopic(topic);
  const { url, stop } = await gateway(
    `{ topic: ${topic}, brokers: ['${brokers().replaceAll(',', "', '")}'] }`,
  );
  await ask(url, 'Seen');
  await ask(url, 'Seen');
  expect(await stop()).toBe(0);
  const [line = ''] = await read(topic, 1);
  expect(JSON.parse(line)).toMatchObject({
    v: 1,
    type: 'operation',
    name: 'Seen',
    count: 2,
    fields: ['Query.gate'],
  });
});

test('a gateway serves, and stops in time, while the brokers of its usage are away', async () => {
  const { url, stop } = await gateway("{ topic: graph.usage, brokers: ['127.0.0.1:1'] }");
  await ask(url, 'Seen');
  const health = (await (await fetch(`${url}/health/ready`)).json()) as { usage: unknown };
  expect(health.usage).toEqual({ 'topic graph.usage': { written: 0, lost: 0, waiting: 0 } });
  expect(await stop()).toBe(0);
});

test('a topic without a broker is a mistake, told at the start', async () => {
  const cwd = await scratchDirectory();
  await writeFile(join(cwd, 'tributary.yaml'), 'gateway: { usage: { topic: graph.usage } }\n');
  const { code, stderr } = await startTributary(['gateway'], { cwd }).finished;
  expect([code, stderr]).toEqual([expect.any(Number), expect.stringMatching(/graph\.usage.*KAFKA_BROKERS/s)]);
  expect(code).not.toBe(0);
});

test('the doctor looks for the topic', async () => {
  const topic = uniqueTopic('usage');
  await createTopic(topic, { partitions: 2 });
  const finding = (name: string, list: readonly string[] | null) => usageChecks(name, list)[0]?.run();
  const list = brokers().split(',');
  expect(usageChecks(null, list)).toEqual([]);
  expect(await finding(topic, list)).toEqual({ kind: 'GOOD', detail: `topic ${topic}, 2 partitions` });
  expect(await finding(`${topic}.other`, list)).toMatchObject({
    kind: 'BAD',
    detail: `there is no topic ${topic}.other`,
    cure: expect.stringContaining('Create it'),
  });
  expect(await finding(topic, null)).toMatchObject({ kind: 'BAD', cure: 'Set KAFKA_BROKERS.' });
});
