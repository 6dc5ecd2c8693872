import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { expect, onTestFinished, type TestContext, test } from 'vitest';
import { brokers, createTopic, uniqueTopic } from '../../support/kafka.ts';
import { type RedisServer, requireRedis, startRedis } from '../../support/redis.ts';
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
import { follow, post, runSubgraph, temporaryDirectory, tributaryOf } from './running.ts';

const found = await findRedis();

/** A server of the test's own, since it is killed. */
const ownServer = async (context: TestContext, persistent = false): Promise<RedisServer> => {
  const server = requireRedis(found === null ? null : await startRedis({ persistent }), context);
  onTestFinished(() => server.close());
  return server;
};

test('S27 two replicas share a view: both streams tell the same changes, deletes included, and both answer alike', async (context) => {
  const { url: redis } = await ownServer(context);
  const topic = uniqueTopic('gates');
  const replicas = [
    await runSubgraph({ sdl: gates(topic), redis }),
    await runSubgraph({ sdl: gates(topic), redis }),
  ];
  const followers = replicas.map(({ url }) => follow(url, changes, inA));
  await Promise.all(followers.map((follower) => follower.until(2)));
  const written = moves(1, 600);
  for (let start = 0; start < written.length; start += 20)
    await write(topic, written.slice(start, start + 20));
  // The last change that everyone must see.
  await write(topic, [['end', 'A', 0]]);
  for (const follower of followers) await until(follower, () => heldBy(follower).has('end'));
  for (const follower of followers) {
    const isSame = () => sorted(heldBy(follower)).length === expectedInA(written).size + 1;
    await until(follower, isSame);
    expect(sorted(heldBy(follower))).toEqual(sorted(new Map([...expectedInA(written), ['end', 0]])));
    expectEachChangeOnce(follower, written);
  }
  const answers = await Promise.all(replicas.map(({ url }) => post(url, allInA)));
  expect(answers[0]).toEqual(answers[1]);
  expect(answers[0]?.data?.gates).toMatchObject({
    nodes: sorted(new Map([...expectedInA(written), ['end', 0]])).map(([id, n]) => ({ id, n })),
  });
});

test('S24 what is written through one replica is read through the other', async (context) => {
  const { url: redis } = await ownServer(context);
  const sdl = gates(uniqueTopic('gates'));
  const [one, other] = [await runSubgraph({ sdl, redis }), await runSubgraph({ sdl, redis })];
  for (let n = 0; n < 20; n++) {
    const added = await post(one.url, `mutation { addGate(id: "G", terminal: "A", n: ${n}) { n } }`);
    const { position } = tributaryOf(added);
    const read = await post(other.url, '{ gate(id: "G") { n } }', {}, { tributary: { after: position } });
    expect(read.data).toEqual({ gate: { n } });
  }
});

test('S27 Redis loses everything under two replicas: streams go on, clients end with the right rows, queries come back', async (context) => {
  const server = await ownServer(context);
  const topic = uniqueTopic('gates');
  const sdl = gates(topic);
  const replicas = [
    await runSubgraph({ sdl, redis: server.url }),
    await runSubgraph({ sdl, redis: server.url }),
  ];
  const followers = replicas.map(({ url }) => follow(url, changes, inA));
  await Promise.all(followers.map((follower) => follower.until(2)));
  const written = moves(1, 400);
  await write(topic, written);
  for (const follower of followers) {
    await until(follower, () => heldBy(follower).size === expectedInA(written).size);
  }
  await server.kill();
  await server.start();
  const more = moves(401, 400);
  for (let start = 0; start < more.length; start += 50) await write(topic, more.slice(start, start + 50));
  written.push(...more, ['end', 'A', 0]);
  await write(topic, [['end', 'A', 0]]);
  const expected = sorted(expectedInA(written));
  for (const follower of followers) {
    await until(follower, () => JSON.stringify(sorted(heldBy(follower))) === JSON.stringify(expected));
  }
  for (const { url } of replicas) {
    await expect
      .poll(async () => (await post(url, allInA)).data?.gates, { timeout: 30_000 })
      .toEqual({ nodes: expected.map(([id, n]) => ({ id, n })) });
  }
  const redis = new Redis(server.port, '127.0.0.1');
  onTestFinished(() => redis.disconnect());
  expect((await redis.keys('*:meta')).length).toBe(3);
});

test('S27 kill -9 of a replica that writes the view: the other goes on, and what starts again finds rows and position agreeing', async (context) => {
  const { url: redis } = await ownServer(context);
  const topic = uniqueTopic('gates');
  const sdl = gates(topic);
  await createTopic(topic, { partitions: 3, config: { 'cleanup.policy': 'compact' } });
  const staying = await runSubgraph({ sdl, redis });
  const follower = follow(staying.url, changes, inA);
  await follower.until(2);
  const written: [string, string | null, number][] = [];
  for (let round = 0; round < 3; round++) {
    const killed = await startReplica({ sdl, redis });
    const batch = moves(1 + round * 300, 300);
    const writing = (async () => {
      for (let start = 0; start < batch.length; start += 10) {
        await write(topic, batch.slice(start, start + 10));
      }
    })();
    await follower.until(follower.results.length + 40);
    await killed.kill();
    await writing;
    written.push(...batch);
  }
  const expected = sorted(expectedInA(written));
  await until(follower, () => JSON.stringify(sorted(heldBy(follower))) === JSON.stringify(expected));
  const again = await runSubgraph({ sdl, redis });
  for (const { url } of [staying, again]) {
    expect((await post(url, allInA)).data?.gates).toEqual({ nodes: expected.map(([id, n]) => ({ id, n })) });
  }
});

async function startReplica(options: { sdl: string; redis: string }): Promise<{ kill(): Promise<void> }> {
  const script = fileURLToPath(new URL('./replica-process.ts', import.meta.url));
  const directory = await temporaryDirectory();
  const argument = JSON.stringify({ ...options, directory, brokers: brokers() });
  const child = spawn(process.execPath, [...process.execArgv, script, argument], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  onTestFinished(kill);
  const lines = createInterface(child.stdout);
  await Promise.race([
    once(lines, 'line'),
    ended.then(([code]) => Promise.reject(new Error(`The replica ended with ${code} before it was ready.`))),
  ]);
  return { kill };
}
