import { Redis } from 'ioredis';
import { expect, onTestFinished, type TestContext, test } from 'vitest';
import { type DelayingProxy, startDelayingProxy } from '../../support/delaying-proxy.ts';
import { produce, uniqueTopic } from '../../support/kafka.ts';
import { requireRedis, startRedis } from '../../support/redis.ts';
import { findRedis } from '../../support/redis-server.ts';
import {
  allInA,
  changes,
  expectEachChangeOnce,
  expectedInA,
  gates,
  heldBy,
  inA,
  moves,
  sorted,
  until,
  write,
} from './gates.ts';
import { type Follower, follow, healthOf, post, runSubgraph, tributaryOf } from './running.ts';

const found = await findRedis();

/** Of a command (subgraphs/kit/view/redis/connection.ts); a request has a few, one behind the other. */
const deadlineMs = 1_000;
/** Gateways wait so long for an answer. */
const patienceMs = 5_000;

interface System {
  readonly url: string;
  readonly gateTopic: string;
  readonly pingTopic: string;
  readonly proxy: DelayingProxy;
  readonly redis: Redis;
  readonly changes: Follower;
  readonly pings: Follower;
}

/** Gates in a Redis that is far away, pings that need no view, and a client of each. */
const begin = async (context: TestContext): Promise<System> => {
  const server = requireRedis(found === null ? null : await startRedis(), context);
  onTestFinished(() => server.close());
  const redis = new Redis(server.port, '127.0.0.1');
  onTestFinished(() => redis.disconnect());
  const proxy = await startDelayingProxy(server.port);
  const [gateTopic, pingTopic] = [uniqueTopic('gates'), uniqueTopic('pings')];
  const { url } = await runSubgraph({
    redis: `redis://127.0.0.1:${proxy.port}`,
    sdl: `${gates(gateTopic)}
type Ping @topic(name: "${pingTopic}", key: "id", cleanup: DELETE, partitions: 1) { id: ID! }
extend type Subscription { pings(from: Cursor): Ping! @consume(replay: "1h") }`,
  });
  const system = {
    url,
    gateTopic,
    pingTopic,
    proxy,
    redis,
    changes: follow(url, changes, inA),
    pings: follow(url, 'subscription { pings { id } }'),
  };
  await system.changes.until(2);
  await expect.poll(() => system.pings.pings.length, { timeout: 30_000 }).toBeGreaterThan(0);
  return system;
};

const ping = ({ pingTopic }: System, id: string) =>
  produce(pingTopic, [{ key: id, value: JSON.stringify({ id }) }]);

const idsOf = ({ pings }: System) =>
  pings.results.map(({ data }) => (data?.pings as { id: string } | undefined)?.id);

const stateOf = async ({ url, gateTopic }: System) => {
  const state = (await healthOf(url)).topics.find(({ topic }) => topic === gateTopic);
  if (state === undefined) throw new Error(`health does not tell of ${gateTopic}`);
  return state;
};

/** Answered or refused by name, and before whoever asked gives up. */
const expectRefused = async (request: Promise<Awaited<ReturnType<typeof post>>>, codes: RegExp) => {
  const began = performance.now();
  const { errors } = await request;
  expect(performance.now() - began).toBeLessThan(patienceMs);
  expect(errors?.map(({ extensions }) => extensions?.code)).toEqual([expect.stringMatching(codes)]);
};

/** The client was told each change once and holds what the topic holds, and so does whoever asks. */
const expectComplete = async (
  system: System,
  written: readonly (readonly [string, string | null, number])[],
): Promise<void> => {
  await write(system.gateTopic, [['end', 'A', 0]]);
  const expected = sorted(expectedInA([...written, ['end', 'A', 0]]));
  await until(
    system.changes,
    () => JSON.stringify(sorted(heldBy(system.changes))) === JSON.stringify(expected),
  );
  expectEachChangeOnce(system.changes, written);
  await expect
    .poll(async () => (await post(system.url, allInA)).data?.gates, { timeout: 30_000 })
    .toEqual({ nodes: expected.map(([id, n]) => ({ id, n })) });
  expect((await stateOf(system)).view).toEqual({ store: 'REDIS', state: 'SERVING' });
};

test('S27 a Redis far away, within the deadline of a command: everything comes, late', async (context) => {
  const system = await begin(context);
  const { url, gateTopic, proxy } = system;
  proxy.delayMs = 150;
  const written = moves(1, 200);
  for (let start = 0; start < written.length; start += 20) {
    await write(gateTopic, written.slice(start, start + 20));
  }
  await expectComplete(system, written);
  const began = performance.now();
  expect((await post(url, '{ gate(id: "end") { n } }')).data).toEqual({ gate: { n: 0 } });
  expect(performance.now() - began).toBeGreaterThanOrEqual(2 * proxy.delayMs - 5);
  const added = await post(url, 'mutation { addGate(id: "own", terminal: "B", n: 7) { n } }');
  const { position } = tributaryOf(added);
  const read = await post(url, '{ gate(id: "own") { n } }', {}, { tributary: { after: position } });
  expect(read.data).toEqual({ gate: { n: 7 } });
}, 120_000);

/** Slower than the deadline for a while, in two ways. */
const slownesses: { how: string; begin: (system: System) => unknown; end: (system: System) => unknown }[] = [
  {
    how: 'is too far away',
    begin: ({ proxy }) => {
      proxy.delayMs = deadlineMs;
    },
    end: ({ proxy }) => {
      proxy.delayMs = 0;
    },
  },
  {
    how: 'pauses its clients',
    // UNPAUSE would have to wait as well; the rest of the test takes half of that time.
    begin: ({ redis }) => redis.client('PAUSE', 20_000, 'ALL'),
    end: ({ redis }) => redis.ping(),
  },
];

test.for(slownesses)(
  'S16 S27 a Redis that $how: queries are refused in time, event streams and writes go on, and nothing is lost or doubled',
  { timeout: 120_000 },
  async (slowness, context) => {
    const system = await begin(context);
    const { url, gateTopic } = system;
    const written = moves(1, 100);
    await write(gateTopic, written);
    await ping(system, 'before');
    await until(system.changes, () => heldBy(system.changes).size === expectedInA(written).size);
    await slowness.begin(system);

    const more = moves(101, 300);
    const writing = (async () => {
      for (let start = 0; start < more.length; start += 30) {
        await write(gateTopic, more.slice(start, start + 30));
      }
    })();
    const told = system.changes.results.length;
    for (const query of ['{ gate(id: "G1") { n } }', allInA]) {
      await expectRefused(post(url, query), /^VIEW_NOT_READY$/);
    }
    expect((await stateOf(system)).view).toEqual({ store: 'REDIS', state: 'AWAY' });
    // A write needs Kafka alone; whoever waits for the view to hold it is told that it does not yet.
    const added = await post(url, 'mutation { addGate(id: "own", terminal: "B", n: 7) { n } }');
    expect(added.data).toEqual({ addGate: { n: 7 } });
    const after = { tributary: { after: tributaryOf(added).position } };
    await expectRefused(post(url, '{ gate(id: "own") { n } }', {}, after), /^(NOT_YET|VIEW_NOT_READY)$/);
    for (let n = 0; n < 20; n++) await ping(system, `${n}`);
    await system.pings.until(21);
    await writing;
    // A change is told when its view holds it.
    expect(system.changes.results.length).toBe(told);

    await slowness.end(system);
    await expectComplete(system, [...written, ...more]);
    expect(idsOf(system)).toEqual(['before', ...Array.from({ length: 20 }, (_, n) => `${n}`)]);
  },
);

test('S27 what waits for a slow Redis waits in Kafka: the process holds no more than its buffer', async (context) => {
  const megabyte = 1024 * 1024;
  const system = await begin(context);
  const { gateTopic, proxy } = system;
  proxy.delayMs = deadlineMs;
  const note = 'n'.repeat(megabyte / 8);
  const rows = Array.from({ length: 400 }, (_, n) => `big${n}`);
  for (let start = 0; start < rows.length; start += 20) {
    const records = rows
      .slice(start, start + 20)
      .map((id) => ({ key: id, value: JSON.stringify({ id, terminal: 'A', n: 1, note }) }));
    await Promise.all(records.map((record) => produce(gateTopic, [record])));
  }
  const read = async (): Promise<number> => (await stateOf(system)).reads.main.bytes;
  await expect.poll(read, { timeout: 30_000 }).toBeGreaterThan(8 * megabyte);
  // In that time a reader without a bound would have read all.
  for (let n = 0; n < 20; n++) await ping(system, `${n}`);
  await system.pings.until(20);
  // 16 MB that the view has not taken, and an answer of at most 8 MB that was under way.
  expect(await read()).toBeLessThan(25 * megabyte);
  expect(system.changes.results).toHaveLength(2);
  proxy.delayMs = 0;
  await system.changes.until(2 + rows.length);
  expect(sorted(heldBy(system.changes))).toEqual(sorted(new Map(rows.map((id) => [id, 1]))));
  expect(system.changes.results).toHaveLength(2 + rows.length);
}, 120_000);
