import { logLevel } from 'kafkajs';
import { expect, onTestFinished, test } from 'vitest';
import { createTopic, kafka, produce, uniqueTopic } from '../../support/kafka.ts';
import { follow, healthOf, runSubgraph } from './running.ts';

const sdl = (gates: string, steps: string) => `
type Gate @key(fields: "id") @topic(name: "${gates}", key: "id", cleanup: COMPACT, partitions: 1) {
  id: ID!
  number: Int!
}
type GateChange @change(of: "Gate") { kind: ChangeKind! key: ID gate: Gate }
type Step @topic(name: "${steps}", key: "gate", cleanup: DELETE, partitions: 1) { gate: ID! number: Int! }
type Query { gate(id: ID!): Gate @view }
type Subscription {
  gateChanges: GateChange! @consume(snapshot: true)
  steps(from: Cursor): Step! @consume
}`;

const record = (number: number) => ({ key: 'g', value: JSON.stringify({ id: 'g', gate: 'g', number }) });

test('S1 what a transaction wrote comes when it commits and never when it aborts; while it is open, health tells what it holds back', async () => {
  const [gates, steps] = [uniqueTopic('gates'), uniqueTopic('steps')];
  await createTopic(gates, { config: { 'cleanup.policy': 'compact' } });
  await createTopic(steps);
  const { url } = await runSubgraph({ sdl: sdl(gates, steps) });
  const events = follow(url, 'subscription { steps(from: "EARLIEST") { number } }');
  const rows = follow(url, 'subscription { gateChanges { kind gate { number } } }');
  await rows.until(2);
  const client = kafka();
  client.logger().setLogLevel(logLevel.NOTHING);
  const producer = client.producer({ transactionalId: steps, idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  onTestFinished(() => producer.disconnect());
  const send = async (numbers: readonly number[], end: 'commit' | 'abort' | null) => {
    const transaction = await producer.transaction();
    const messages = numbers.map(record);
    await transaction.sendBatch({ topicMessages: [gates, steps].map((topic) => ({ topic, messages })) });
    if (end !== null) await transaction[end]();
    return transaction;
  };
  await send([0, 1], 'commit');
  await send([2, 3], 'abort');
  const open = await send([4, 5, 6], null);
  // Not in a transaction, and yet nobody who reads committed records sees it before the open one has ended.
  for (const topic of [gates, steps]) await produce(topic, [record(7)]);
  const held = async () => (await healthOf(url)).topics.map(({ heldBack }) => heldBack);
  const four = { partition: 0, from: expect.any(Number), records: 4, seconds: expect.any(Number) };
  await expect.poll(held).toEqual([four, four]);
  const numbers = () =>
    events.results.map(({ data }) => (data as { steps: { number: number } }).steps.number);
  expect(numbers()).toEqual([0, 1]);
  await open.abort();
  await events.until(3);
  await rows.until(5);
  await send([8], 'commit');
  await events.until(4);
  expect(numbers()).toEqual([0, 1, 7, 8]);
  await rows.until(6);
  const seen = rows.results.slice(2).map(({ data }) => {
    const { gate } = (data as { gateChanges: { gate: { number: number } } }).gateChanges;
    return gate.number;
  });
  expect(seen).toEqual([0, 1, 7, 8]);
  await expect.poll(held).toEqual([null, null]);
});
