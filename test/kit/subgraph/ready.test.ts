import { expect, onTestFinished, test } from 'vitest';
import { createTopic, kafka, produce, uniqueTopic } from '../../support/kafka.ts';
import { follow, healthOf, post, runSubgraph } from './running.ts';

const sdl = (topic: string) => `
  type Gate @key(fields: "id") @topic(name: "${topic}", key: "id", cleanup: COMPACT, partitions: 3) {
    id: ID!
    n: Int!
  }
  type GateConnection { nodes: [Gate!]! pageInfo: PageInfo! }
  type GateChange @change(of: "Gate") { kind: ChangeKind! key: ID gate: Gate }
  type Query {
    gate(id: ID!): Gate @view
    gates(first: Int = 500, after: String): GateConnection! @view
  }
  type Subscription { gateChanges(from: Cursor): GateChange! @consume(snapshot: true) }`;

const row = (n: number) => ({ key: `G${n}`, value: JSON.stringify({ id: `G${n}`, n }) });

test('S28 ready is every partition at the last stable offset of the start: all that was committed is answered', async () => {
  const topic = uniqueTopic('gates');
  await createTopic(topic, { partitions: 3, config: { 'cleanup.policy': 'compact' } });
  await produce(
    topic,
    Array.from({ length: 300 }, (_, n) => row(n)),
  );
  const { url } = await runSubgraph({ sdl: sdl(topic) });
  const health = await healthOf(url);
  expect(health).toMatchObject({ status: 'ready', topics: [{ ready: true, lag: 0 }] });
  const { data } = await post(url, '{ gates { nodes { id } } }');
  expect((data?.gates as { nodes: unknown[] } | undefined)?.nodes).toHaveLength(300);
});

test('S28 a transaction that hangs keeps nobody from being ready; what it wrote comes when it commits', async () => {
  const topic = uniqueTopic('gates');
  await createTopic(topic, { partitions: 3, config: { 'cleanup.policy': 'compact' } });
  await produce(topic, [row(1)]);
  const producer = kafka().producer({
    idempotent: true,
    maxInFlightRequests: 1,
    transactionalId: `${topic}.hanging`,
    transactionTimeout: 60_000,
  });
  await producer.connect();
  onTestFinished(() => producer.disconnect());
  const transaction = await producer.transaction();
  await transaction.send({ topic, messages: [2, 3, 4, 5].map(row) });
  // Resolves when it is ready, with the transaction open.
  const { url } = await runSubgraph({ sdl: sdl(topic) });
  expect((await post(url, '{ gate(id: "G1") { n } }')).data).toEqual({ gate: { n: 1 } });
  expect((await post(url, '{ gate(id: "G2") { n } }')).data).toEqual({ gate: null });
  const follower = follow(url, 'subscription { gateChanges { kind key } }');
  await follower.until(3);
  await transaction.commit();
  await follower.until(7);
  expect((await post(url, '{ gate(id: "G2") { n } }')).data).toEqual({ gate: { n: 2 } });
});
