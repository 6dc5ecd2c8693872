import { expect, onTestFinished, type TestContext, test } from 'vitest';
import { readConfiguration } from '../../cli/configuration/read.ts';
import type { Finding } from '../../cli/doctor/check.ts';
import { redisChecks } from '../../cli/doctor/redis.ts';
import { serverChecks } from '../../cli/doctor/servers.ts';
import { post, runSubgraph } from '../kit/subgraph/running.ts';
import { uniqueTopic } from '../support/kafka.ts';
import { type RedisServer, requireRedis, startRedis } from '../support/redis.ts';
import { findRedis } from '../support/redis-server.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { tributary } from './run.ts';

const found = await findRedis();

const redisWith = async (
  context: TestContext,
  settings: Readonly<Record<string, string>> = {},
): Promise<RedisServer> => {
  const server = requireRedis(found === null ? null : await startRedis({ settings }), context);
  onTestFinished(() => server.close());
  return server;
};

const findings = (url: string | null): Promise<Finding[]> =>
  Promise.all(redisChecks(url).map((check) => check.run()));

test('without shared views there is no line of Redis', () => {
  expect(redisChecks(null)).toEqual([]);
});

test('a Redis as it should be: version, policy, persistence and memory', async (context) => {
  const { url, port } = await redisWith(context, { appendonly: 'yes', maxmemory: '100mb' });
  expect(await findings(url)).toEqual([
    {
      kind: 'GOOD',
      detail: expect.stringMatching(
        new RegExp(
          `^127\\.0\\.0\\.1:${port} answers: version [\\d.]+, noeviction, append-only file, \\d+ MB of 100 MB used$`,
        ),
      ),
    },
  ]);
});

test('snapshots are persistence too, and it is said what they lose', async (context) => {
  const { url } = await redisWith(context, { save: '60 1000' });
  expect(await findings(url)).toEqual([
    { kind: 'GOOD', detail: expect.stringContaining('snapshots, so a restart loses what is younger') },
  ]);
});

test.each([
  ['evicts', { 'maxmemory-policy': 'allkeys-lru' }, /maxmemory-policy allkeys-lru/, /^Set .* noeviction/],
  ['keeps nothing', {}, /no persistence/, /^Set appendonly yes/],
  ['is nearly full', { appendonly: 'yes', maxmemory: '1mb' }, /MB of 1 MB in use/, /^Raise maxmemory/],
  ['is a replica', { appendonly: 'yes', replicaof: '127.0.0.1 1' }, /role of a replica/, /^Name the master/],
])('one that %s fails, with the cure', async (_what, settings, detail, cure) => {
  const server = found === null ? null : await startRedis({ settings });
  onTestFinished(() => server?.close());
  expect(await findings(server?.url ?? null)).toEqual(
    server === null
      ? []
      : [{ kind: 'BAD', detail: expect.stringMatching(detail), cure: expect.stringMatching(cure) }],
  );
});

test('one that does not answer, and an address that is none: neither line has the password', async () => {
  const away = await findings('redis://me:geheim@127.0.0.1:1');
  expect(away).toEqual([
    {
      kind: 'BAD',
      detail: expect.stringMatching(/^127\.0\.0\.1:1 does not answer: .*ECONNREFUSED/),
      cure: expect.stringContaining('TRIBUTARY_REDIS_URL'),
    },
  ]);
  const wrong = await findings('redis:me:geheim@');
  expect(wrong).toMatchObject([{ kind: 'BAD', detail: expect.stringContaining('redis://127.0.0.1:6379/0') }]);
  expect(JSON.stringify([away, wrong])).not.toContain('geheim');
});

test('a server that stands still is given up', async (context) => {
  const server = await redisWith(context);
  server.halt();
  expect(await findings(server.url)).toMatchObject([
    { kind: 'BAD', detail: expect.stringContaining('does not answer') },
  ]);
});

test('each server of a cluster has its line, in the command as well', async (context) => {
  const { url, port } = await redisWith(context, { appendonly: 'yes' });
  const cwd = await scratchDirectory();
  const { stdout } = await tributary(['doctor', '--brokers', '127.0.0.1:9'], {
    cwd,
    environment: { TRIBUTARY_REDIS_URL: `${url},redis://127.0.0.1:1` },
  });
  expect(stdout).toMatch(new RegExp(`^ok {3}redis +127\\.0\\.0\\.1:${port} answers`, 'm'));
  expect(stdout).toMatch(/^FAIL redis +127\.0\.0\.1:1 does not answer.*\n +Start it/m);
});

const sdl = (topic: string) => `
type Gate @key(fields: "id") @topic(name: "${topic}", key: "id", cleanup: COMPACT, partitions: 1) {
  id: ID!
  n: Int!
}
type Query { gate(id: ID!): Gate @view }
type Mutation { addGate(id: ID!, n: Int!): Gate! @produce }`;

test('a subgraph says how the store of its views is: in Redis, away, and back; and the doctor repeats it', async (context) => {
  const server = await redisWith(context, { appendonly: 'yes', appendfsync: 'always' });
  const topic = uniqueTopic('gates');
  const subgraph = await runSubgraph({ sdl: sdl(topic), redis: server.url });
  const embedded = await runSubgraph({ sdl: sdl(topic) });
  const health = async (port: number) => {
    const response = await fetch(`http://127.0.0.1:${port}/health/ready`);
    const { topics } = (await response.json()) as { topics: { view: unknown }[] };
    return [response.status, topics[0]?.view];
  };
  const doctor = async () => {
    const directory = await scratchDirectory();
    const configuration = readConfiguration({ directory, environment: {} });
    const remote = {
      kind: 'LOCAL',
      name: 'gates',
      directory,
      host: '127.0.0.1',
      port: subgraph.port,
      workers: 1,
    } as const;
    const [check] = serverChecks({ ...configuration, subgraphs: [{ ...remote, url: subgraph.url }] });
    return check?.run();
  };
  const add = 'mutation { addGate(id: "B22", n: 1) { n } }';
  expect((await post(subgraph.url, add)).errors).toBeUndefined();
  expect(await health(embedded.port)).toEqual([200, { store: 'SQLITE', state: 'SERVING' }]);
  expect(await health(subgraph.port)).toEqual([200, { store: 'REDIS', state: 'SERVING' }]);
  expect(await doctor()).toMatchObject({ kind: 'GOOD' });
  await server.kill();
  expect((await post(subgraph.url, '{ gate(id: "B22") { n } }')).errors).toMatchObject([
    { extensions: { code: 'VIEW_NOT_READY' } },
  ]);
  expect(await health(subgraph.port)).toEqual([200, { store: 'REDIS', state: 'AWAY' }]);
  expect(await doctor()).toEqual({
    kind: 'BAD',
    detail: expect.stringContaining(`its view of ${topic} is AWAY`),
    cure: 'Look at redis above.',
  });
  await server.start();
  await expect
    .poll(() => health(subgraph.port), { timeout: 30_000 })
    .toEqual([200, { store: 'REDIS', state: 'SERVING' }]);
  expect((await post(subgraph.url, '{ gate(id: "B22") { n } }')).data).toEqual({ gate: { n: 1 } });
});
