import { expect, test } from 'vitest';
import { decodeCursor } from '../../../schema/cursor/index.ts';
import { createTopic, produce, uniqueTopic } from '../../support/kafka.ts';
import { setPartitions } from '../kafka/cluster-actions.ts';
import { follow, post, runSubgraph, temporaryDirectory, tributaryOf } from './running.ts';

const sdl = (gates: string, steps: string) => `
type Gate @key(fields: "id") @topic(name: "${gates}", key: "id", cleanup: COMPACT, partitions: 1) {
  id: ID!
  number: Int!
}
type GateChange @change(of: "Gate") { kind: ChangeKind! key: ID gate: Gate }
type Step @topic(name: "${steps}", key: "gate", cleanup: DELETE, partitions: 1) { gate: ID! number: Int! }
type Query { gate(id: ID!): Gate @view }
type Subscription {
  gateChanges(from: Cursor): GateChange! @consume(snapshot: true)
  steps(from: Cursor): Step! @consume
}`;

const record = (number: number, partition: number) => ({
  key: `g${number}`,
  value: JSON.stringify({ id: `g${number}`, gate: `g${number}`, number }),
  partition,
});
const events = 'subscription($from: Cursor) { steps(from: $from) { number } }';
const changes = 'subscription($from: Cursor) { gateChanges(from: $from) { kind key } }';
const numbersOf = (results: readonly { data?: unknown }[]) =>
  results.map(({ data }) => (data as { steps: { number: number } }).steps.number);
const changesOf = (results: readonly { data?: unknown }[]) =>
  results
    .map(({ data }) => (data as { gateChanges: { kind: string; key: string | null } }).gateChanges)
    .map(({ kind, key }) => `${kind} ${key}`);

test('S5 partitions added while clients are subscribed: nothing of them is missed, and cursors from before go on', async () => {
  const [gates, steps] = [uniqueTopic('gates'), uniqueTopic('steps')];
  const both = [gates, steps];
  await createTopic(gates, { config: { 'cleanup.policy': 'compact' } });
  await createTopic(steps);
  const directory = await temporaryDirectory();
  const first = await runSubgraph({ sdl: sdl(gates, steps), directory });
  const liveEvents = follow(first.url, events, { variables: { from: 'EARLIEST' } });
  const liveChanges = follow(first.url, changes);
  await liveChanges.until(2);
  for (const topic of both) await produce(topic, [record(0, 0), record(1, 0)]);
  const before = (await liveEvents.until(2)).map((result) => tributaryOf(result).cursor);
  const changedBefore = (await liveChanges.until(4)).map((result) => tributaryOf(result).cursor);
  for (const topic of both) await setPartitions(topic, 3);
  // At once, before the subgraph knows of them. Apart, since a new partition may have no leader yet.
  for (const topic of both) {
    for (const partition of [1, 2, 0]) await produce(topic, [record(10 + partition, partition)]);
    for (const partition of [1, 2]) await produce(topic, [record(20 + partition, partition)]);
  }
  const received = await liveEvents.until(7);
  expect(numbersOf(received).sort((a, b) => a - b)).toEqual([0, 1, 10, 11, 12, 21, 22]);
  expect(decodeCursor(tributaryOf(received[6]).cursor).position).toEqual([3, 2, 2]);
  const upserts = [10, 11, 12, 21, 22].map((number) => `UPSERT g${number}`);
  expect(
    changesOf(await liveChanges.until(9))
      .slice(4)
      .sort(),
  ).toEqual(upserts);
  const row = await post(first.url, '{ gate(id: "g22") { number } }');
  expect(row.data).toEqual({ gate: { number: 22 } });

  // A cursor of one partition, where there are three: in this process, and in the next one, which reads them anew.
  const resume = async (url: string): Promise<void> => {
    const fromEvents = follow(url, events, { variables: { from: before[0] } });
    expect(numbersOf(await fromEvents.until(6)).sort((a, b) => a - b)).toEqual([1, 10, 11, 12, 21, 22]);
    const fromChanges = follow(url, changes, { variables: { from: changedBefore[2] } });
    const told = changesOf(await fromChanges.until(7));
    expect(told.slice(0, 6).sort()).toEqual(['UPSERT g1', ...upserts]);
    expect(told[6]).toBe('UP_TO_DATE null');
  };
  await resume(first.url);
  await first.stop();
  const second = await runSubgraph({ sdl: sdl(gates, steps), directory });
  await resume(second.url);
});
