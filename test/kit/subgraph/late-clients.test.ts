import type { ExecutionResult } from 'graphql-ws';
import { expect, test } from 'vitest';
import { createTopic, produce, uniqueTopic } from '../../support/kafka.ts';
import {
  type Follower,
  follow,
  type Health,
  healthOf,
  runSubgraph,
  subscribeOn,
  tributaryOf,
} from './running.ts';

const sdl = (events: string) => `
type Step @topic(name: "${events}", key: "gate", cleanup: DELETE, partitions: 6) {
  gate: ID!
  number: Int!
}
type Subscription { steps(gate: ID, from: Cursor): Step! @consume }`;

const query = 'subscription($gate: ID, $from: Cursor) { steps(gate: $gate, from: $from) { gate number } }';
const stepOf = ({ data }: ExecutionResult) => (data as { steps: { gate: string; number: number } }).steps;
const range = (from: number, until: number) =>
  Array.from({ length: until - from }, (_, index) => from + index);

/** Ten steps of each gate, from before the window: written with the time of an hour ago. */
const writeHistory = async (topic: string, gates: number, steps: number): Promise<void> => {
  const timestamp = Date.now() - 3_600_000;
  for (const number of range(0, steps)) {
    const records = range(0, gates).map((gate) => ({
      key: `g${gate}`,
      value: JSON.stringify({ gate: `g${gate}`, number }),
      timestamp,
    }));
    await produce(topic, records);
  }
};

test('S22 a thousand late clients with filters of their own share a handful of side fetches, and get what is theirs once', async () => {
  const [gates, steps] = [1_000, 10];
  const topic = uniqueTopic('steps');
  await createTopic(topic, { partitions: 6 });
  await writeHistory(topic, gates, steps);
  const { url } = await runSubgraph({ sdl: sdl(topic) });
  const first = follow(url, query, { variables: { from: 'EARLIEST' } });
  const all = await first.until(gates * steps);
  // Half of them begin at the beginning, half with cursors from all over the topic.
  const cursors = all.filter((_, index) => index % 20 === 0).map((result) => tributaryOf(result).cursor);
  const before = await healthOf(url);
  const sockets = range(0, 10).map(() => follow(url, 'subscription { steps(gate: "none") { number } }'));
  const clients = range(0, gates).map((gate) => {
    const from = gate % 2 === 0 ? 'EARLIEST' : (cursors[gate % cursors.length] ?? '');
    const socket = sockets[gate % sockets.length] as Follower;
    return { gate: `g${gate}`, from, results: subscribeOn(socket.client, query, { gate: `g${gate}`, from }) };
  });
  const expected = clients.map(({ gate, from }) => {
    const begin = from === 'EARLIEST' ? [] : null;
    const index = begin === null ? all.findIndex((result) => tributaryOf(result).cursor === from) : -1;
    const behind = all.slice(index + 1).filter((result) => stepOf(result).gate === gate);
    return behind.map((result) => stepOf(result).number);
  });
  await Promise.all(clients.map(({ results }, index) => results.until(expected[index]?.length ?? 0)));
  const after = await healthOf(url);
  const live = range(0, gates).map((gate) => ({
    key: `g${gate}`,
    value: JSON.stringify({ gate: `g${gate}`, number: steps }),
  }));
  await produce(topic, live);
  // The live event comes last, so whatever came twice came before it.
  await Promise.all(clients.map(({ results }, index) => results.until((expected[index]?.length ?? 0) + 1)));
  clients.forEach(({ results, gate }, index) => {
    const received = results.all.map(stepOf);
    expect(received.map((step) => step.gate)).toEqual(received.map(() => gate));
    expect(received.map(({ number }) => number)).toEqual([...(expected[index] ?? []), steps]);
  });
  const opened = after.subscriptions.sideFetches.opened - before.subscriptions.sideFetches.opened;
  expect(opened).toBeGreaterThan(0);
  expect(opened).toBeLessThanOrEqual(8);
  expect(after.subscriptions.sideFetches.running).toBe(0);
  const fetches = (health: Health) => health.topics[0]?.reads.ranges.fetches ?? 0;
  expect(fetches(after) - fetches(before)).toBeLessThan(100);
});
