import { expect, test } from 'vitest';
import { createTopic, produce, uniqueTopic } from '../../support/kafka.ts';
import { transact } from '../kafka/cluster-actions.ts';
import { follow, healthOf, post, runSubgraph, temporaryDirectory, tributaryOf } from './running.ts';

const sdl = (gates: string) => `
type Gate @key(fields: "id") @topic(name: "${gates}", key: "id", cleanup: COMPACT, partitions: 2) {
  id: ID!
  terminal: String!
}
type GateChange @change(of: "Gate") { kind: ChangeKind! key: ID gate: Gate }
type Query { gate(id: ID!): Gate @view }
type Subscription { gateChanges(terminal: String, from: Cursor): GateChange! @consume(snapshot: true) }`;

const query =
  'subscription($from: Cursor) { gateChanges(terminal: "A", from: $from) { kind key gate { terminal } } }';
const changesOf = (results: readonly { data?: unknown }[]) =>
  results
    .map(({ data }) => (data as { gateChanges: { kind: string; key: string | null } }).gateChanges)
    .map(({ kind, key }) => (key === null ? kind : `${kind} ${key}`));

const row = (id: string, terminal: string | null) => ({
  key: id,
  value: terminal === null ? null : JSON.stringify({ id, terminal }),
});

test('S4 S3 who comes back is told each key that changed once, also after a restart, and deletes too', async () => {
  const topic = uniqueTopic('gates');
  await createTopic(topic, { partitions: 2, config: { 'cleanup.policy': 'compact' } });
  await produce(topic, [row('stays', 'A'), row('leaves', 'A'), row('dies', 'A'), row('elsewhere', 'B')]);
  const directory = await temporaryDirectory();
  const first = await runSubgraph({ sdl: sdl(topic), directory });
  const before = follow(first.url, query);
  const snapshot = await before.until(5);
  expect(changesOf(snapshot).sort()).toEqual(
    ['RESET', 'SNAPSHOT dies', 'SNAPSHOT leaves', 'SNAPSHOT stays', 'UP_TO_DATE'].sort(),
  );
  const from = tributaryOf(snapshot[4]).cursor;
  await before.leave();

  const written = await produce(topic, [
    row('enters', 'A'),
    row('enters', 'B'),
    row('enters', 'A'),
    row('leaves', 'B'),
    row('elsewhere', 'C'),
    row('passes', 'A'),
    row('passes', null),
    row('dies', null),
  ]);
  expect(written.length).toBeGreaterThan(0);
  const total = async () =>
    (await healthOf(first.url)).topics[0]?.position.reduce((sum, next) => sum + next, 0);
  await expect.poll(total).toBe(12);
  const expected = ['DELETE dies', 'DELETE elsewhere', 'DELETE leaves', 'DELETE passes', 'UPSERT enters'];
  const inOneProcess = changesOf(await follow(first.url, query, { variables: { from } }).until(6));
  expect(inOneProcess.slice(0, 5).sort()).toEqual(expected);
  expect(inOneProcess[5]).toBe('UP_TO_DATE');

  await first.stop();
  const second = await runSubgraph({ sdl: sdl(topic), directory });
  const afterRestart = follow(second.url, query, { variables: { from } });
  const told = await afterRestart.until(6);
  expect(changesOf(told).slice(0, 5).sort()).toEqual(expected);
  // It goes on live, and from each of its cursors.
  await produce(topic, [row('stays', 'B')]);
  expect(changesOf(await afterRestart.until(7)).at(-1)).toBe('DELETE stays');
  const middle = follow(second.url, query, { variables: { from: tributaryOf(told[2]).cursor } });
  const rest = changesOf(await middle.until(4));
  expect([...changesOf(told).slice(0, 3), ...rest].sort()).toEqual(
    [...expected, 'DELETE stays', 'UP_TO_DATE'].sort(),
  );
});

test('S28 a topic that ends in aborted records and markers is ready when they are passed', async () => {
  const topic = uniqueTopic('gates');
  await createTopic(topic, { partitions: 2, config: { 'cleanup.policy': 'compact' } });
  await produce(topic, [row('g', 'A')]);
  const aborted = JSON.stringify({ id: 'g', terminal: 'B' });
  await transact(topic, [
    { values: [aborted], commit: false },
    { values: [aborted], commit: false },
  ]);
  const { url } = await runSubgraph({ sdl: sdl(topic) });
  expect(await healthOf(url)).toMatchObject({ status: 'ready', topics: [{ ready: true, lag: 0 }] });
  const { data } = await post(url, '{ gate(id: "g") { terminal } }');
  expect(data).toEqual({ gate: { terminal: 'A' } });
});
