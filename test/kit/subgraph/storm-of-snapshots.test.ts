import { expect, test } from 'vitest';
import { createTopic, produce, uniqueTopic } from '../../support/kafka.ts';
import { type Follower, follow, healthOf, post, runSubgraph, subscribeOn } from './running.ts';

const sdl = (gates: string) => `
type Gate @key(fields: "id") @topic(name: "${gates}", key: "id", cleanup: COMPACT, partitions: 3) {
  id: ID!
  terminal: String!
}
type GateChange @change(of: "Gate") { kind: ChangeKind! key: ID gate: Gate }
type Query { gate(id: ID!): Gate @view }
type Subscription { gateChanges(terminal: String, from: Cursor): GateChange! @consume(snapshot: true) }`;

const query = 'subscription($terminal: String) { gateChanges(terminal: $terminal) { kind key } }';
const range = (until: number) => Array.from({ length: until }, (_, index) => index);
const keyOf = ({ data }: { data?: unknown }) =>
  (data as { gateChanges: { key: string | null } }).gateChanges.key;

test('S12 S22 a thousand snapshots that begin at once read the view about once, and queries are answered meanwhile', async () => {
  const [rows, clients, terminals] = [10_000, 1_000, 100];
  const topic = uniqueTopic('gates');
  await createTopic(topic, { partitions: 3, config: { 'cleanup.policy': 'compact' } });
  for (let from = 0; from < rows; from += 2_000) {
    const part = range(2_000).map((index) => {
      const id = `g${from + index}`;
      return { key: id, value: JSON.stringify({ id, terminal: `t${(from + index) % terminals}` }) };
    });
    await produce(topic, part);
  }
  const { url } = await runSubgraph({ sdl: sdl(topic) });
  const sockets = range(10).map(() => follow(url, query, { variables: { terminal: 'none' } }));
  await Promise.all(sockets.map((socket) => socket.until(2)));
  const before = await healthOf(url);
  const began = performance.now();
  const usedBefore = process.cpuUsage();
  const waits: number[] = [];
  const asking = new AbortController();
  const asked = (async () => {
    while (!asking.signal.aborted) {
      const at = performance.now();
      await post(url, '{ gate(id: "g1") { terminal } }');
      waits.push(performance.now() - at);
    }
  })();
  const perClient = rows / terminals + 2;
  const subscribed = range(clients).map((index) => {
    const terminal = index % terminals;
    const { client } = sockets[index % sockets.length] as Follower;
    return { terminal, results: subscribeOn(client, query, { terminal: `t${terminal}` }) };
  });
  await Promise.all(subscribed.map(({ results }) => results.until(perClient)));
  const seconds = (performance.now() - began) / 1_000;
  const { user, system } = process.cpuUsage(usedBefore);
  asking.abort();
  await asked;
  const after = await healthOf(url);
  for (const { terminal, results } of subscribed) {
    const keys = results.all.flatMap((result) => keyOf(result) ?? []);
    expect(keys.sort()).toEqual(
      range(rows / terminals)
        .map((index) => `g${index * terminals + terminal}`)
        .sort(),
    );
  }
  const pages = after.subscriptions.pages - before.subscriptions.pages;
  const slowest = waits.sort((a, b) => a - b);
  process.stdout.write(
    `${clients} snapshots of ${rows} rows: ${seconds.toFixed(1)} s, ${((user + system) / 1e6).toFixed(1)} s of CPU with the clients, ${pages} pages read, ` +
      `${waits.length} queries meanwhile, median ${Math.round(slowest[Math.floor(waits.length / 2)] ?? 0)} ms, ` +
      `slowest ${Math.round(slowest.at(-1) ?? 0)} ms\n`,
  );
  // Alone each would read 23 of them.
  expect(pages).toBeLessThan(clients);
}, 180_000);
