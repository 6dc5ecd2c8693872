import kafkajs from 'kafkajs';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createTopics } from '../../support/kafka.ts';
import { startRedis } from '../../support/redis.ts';
import { findRedis } from '../../support/redis-server.ts';
import { startThreeBrokers, type ThreeBrokers } from '../kafka/three-brokers.ts';
import { follow, post, runSubgraph, temporaryDirectory, tributaryOf } from './running.ts';

const sdl = `
type Gate @key(fields: "id") @topic(name: "gates", key: "id", cleanup: COMPACT, partitions: 1) {
  id: ID!
  number: Int!
}
type GateChange @change(of: "Gate") { kind: ChangeKind! key: ID gate: Gate }
type Step @topic(name: "steps", key: "gate", cleanup: DELETE, partitions: 1) { gate: ID! number: Int! }
type Query { gate(id: ID!): Gate @view }
type Subscription {
  gateChanges(from: Cursor): GateChange! @consume(snapshot: true)
  steps(from: Cursor): Step! @consume
}`;
const steps = 'subscription($from: Cursor) { steps(from: $from) { number } }';
const changes = 'subscription($from: Cursor) { gateChanges(from: $from) { kind key gate { number } } }';

let cluster: ThreeBrokers;

beforeAll(async () => {
  cluster = await startThreeBrokers();
}, 120_000);

afterAll(() => cluster[Symbol.asyncDispose]());

const client = () =>
  new kafkajs.Kafka({
    clientId: 'test',
    brokers: [...cluster.addresses],
    logLevel: kafkajs.logLevel.NOTHING,
  });

/** Both topics on brokers 2 and 3, which may lead with less than the other had. */
const createBoth = async (): Promise<void> => {
  const admin = client().admin();
  await admin.connect();
  const topics = ['gates', 'steps'].map((topic) => ({
    topic,
    replicaAssignment: [{ partition: 0, replicas: [2, 3] }],
    configEntries: [
      { name: 'cleanup.policy', value: topic === 'gates' ? 'compact' : 'delete' },
      { name: 'unclean.leader.election.enable', value: 'true' },
      { name: 'min.insync.replicas', value: '1' },
    ],
  }));
  await createTopics(admin, topics);
  await admin.disconnect();
};

const inSync = async (): Promise<readonly (readonly number[])[]> => {
  const admin = client().admin();
  await admin.connect();
  const { topics } = await admin.fetchTopicMetadata({ topics: ['gates', 'steps'] });
  await admin.disconnect();
  return topics.flatMap(({ partitions }) =>
    partitions.map(({ leader, isr }) => [leader, ...isr.filter((id) => id !== leader)]),
  );
};

const write = async (from: number, until: number): Promise<void> => {
  const producer = client().producer({ allowAutoTopicCreation: false });
  await producer.connect();
  const numbers = Array.from({ length: until - from }, (_, index) => from + index);
  const messages = (name: string) =>
    numbers.map((number) => ({
      key: `g${number}`,
      value: JSON.stringify({ [name]: `g${number}`, number }),
    }));
  await producer.send({ topic: 'gates', acks: -1, messages: messages('id') });
  await producer.send({ topic: 'steps', acks: -1, messages: messages('gate') });
  await producer.disconnect();
};

const numbersOf = (results: readonly { data?: unknown }[]) =>
  results.map(({ data }) => (data as { steps: { number: number } }).steps.number);

/** One view in a file, and one in Redis where there is one. */
const stores = async (): Promise<readonly { readonly directory: string; readonly redis?: string }[]> => {
  const embedded = { directory: await temporaryDirectory() };
  if ((await findRedis()) === null) return [embedded];
  const server = await startRedis();
  onTestFinished(() => server.close());
  return [embedded, { directory: await temporaryDirectory(), redis: server.url }];
};

test('S11 a cursor from before an unclean leader election has expired where its records were lost, and nowhere else; a view from before it is built again', async () => {
  await createBoth();
  const brokers = cluster.addresses.join();
  const directory = await temporaryDirectory();
  const before = await runSubgraph({ sdl, brokers, directory });
  await write(0, 5);
  const live = follow(before.url, steps, { variables: { from: 'EARLIEST' } });
  const rows = follow(before.url, changes);
  await live.until(5);
  // Broker 2 leads alone, and has five records more than broker 3, when it dies.
  await cluster.kill(3);
  await expect.poll(inSync, { timeout: 60_000 }).toEqual([[2], [2]]);
  await write(5, 10);
  const read = await live.until(10);
  const told = await rows.until(12);
  const stopped = await stores();
  for (const store of stopped) await (await runSubgraph({ sdl, brokers, ...store })).stop();
  await cluster.kill(2);
  await cluster.start(3);
  await expect.poll(inSync, { timeout: 60_000 }).toEqual([[3], [3]]);
  await write(20, 28);

  // The reader finds that its log is another one now. Its view is not gone on from.
  await expect(before.failed).rejects.toMatchObject({ code: 'TOPIC_MISMATCH' });
  await before.stop();
  const after = await runSubgraph({ sdl, brokers, directory });

  const lost = await follow(after.url, steps, {
    variables: { from: tributaryOf(read[9]).cursor },
  }).done.catch((error: unknown) => error);
  expect(lost).toMatchObject([
    {
      extensions: {
        code: 'CURSOR_EXPIRED',
        reason: 'TRUNCATED',
        lost: [{ partition: 0, from: 5, until: 10 }],
        earliest: expect.any(String),
      },
    },
  ]);
  const [{ extensions }] = lost as [{ extensions: { earliest: string } }];
  const rest = follow(after.url, steps, { variables: { from: extensions.earliest } });
  const expected = [20, 21, 22, 23, 24, 25, 26, 27];
  expect(numbersOf(await rest.until(8))).toEqual(expected);
  // What came before the loss is there as it was.
  const intact = follow(after.url, steps, { variables: { from: tributaryOf(read[2]).cursor } });
  expect(numbersOf(await intact.until(10))).toEqual([3, 4, ...expected]);

  // Views that nobody read on with are found at the next start, though their position is within the new log.
  for (const store of stopped) {
    const { url } = await runSubgraph({ sdl, brokers, ...store });
    const gates =
      '{ lost: gate(id: "g7") { number } intact: gate(id: "g3") { number } new: gate(id: "g20") { number } }';
    expect((await post(url, gates)).data).toEqual({ lost: null, intact: { number: 3 }, new: { number: 20 } });
  }

  const again = follow(after.url, changes, { variables: { from: tributaryOf(told[11]).cursor } });
  const results = (await again.until(15)).map(
    ({ data }) => (data as { gateChanges: { kind: string; key: string | null } }).gateChanges,
  );
  expect(results.map(({ kind }) => kind)).toEqual(['RESET', ...Array(13).fill('SNAPSHOT'), 'UP_TO_DATE']);
  expect(results.flatMap(({ key }) => key ?? []).sort()).toEqual(
    [0, 1, 2, 3, 4, ...expected].map((number) => `g${number}`).sort(),
  );
}, 180_000);
