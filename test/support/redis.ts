import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, type TestContext, vi } from 'vitest';
import { freePort } from '../../local/ports.ts';
import { findRedis, redisMissing } from './redis-server.ts';

export interface RedisServerOptions {
  /** Keeps what is written over a restart, also over kill -9. Default: false, a restart begins empty. */
  readonly persistent?: boolean;
  /** Further settings, in the words of redis.conf. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A real redis-server on a free loopback port, with a directory of its own. */
export interface RedisServer {
  readonly url: string;
  readonly port: number;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** On the same port, with what was kept. */
  start(): Promise<void>;
  /** SIGSTOP: it keeps its connections, and answers nothing. */
  halt(): void;
  /** SIGCONT. */
  resume(): void;
  /** Whatever state it is in: ends it and removes its directory. */
  close(): Promise<void>;
}

export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const program = await findRedis();
  if (program === null) throw new Error(redisMissing);
  const directory = await mkdtemp(join(tmpdir(), 'tributary-redis-'));
  const port = await freePort();
  const settings = {
    bind: '127.0.0.1',
    port: String(port),
    dir: directory,
    save: '',
    appendonly: options.persistent === true ? 'yes' : 'no',
    appendfsync: 'always',
    ...options.settings,
  };
  let child: ChildProcess | null = null;
  const kill = async (): Promise<void> => {
    if (child === null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    child = null;
  };
  const start = async (): Promise<void> => {
    const parameters = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
    child = spawn(program, parameters, { stdio: 'ignore' });
    await answers(port);
  };
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    kill,
    start,
    halt: () => child?.kill('SIGSTOP'),
    resume: () => child?.kill('SIGCONT'),
    close: async () => {
      await kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Three masters that share the slots, without replicas. Null where there is no Redis. */
export async function redisClusterForTests(): Promise<{ readonly url: string } | null> {
  if ((await findRedis()) === null) return null;
  const ports = await Promise.all([freePort(), freePort(), freePort()]);
  const nodes = await Promise.all(
    ports.map((busPort) =>
      startRedis({ settings: { 'cluster-enabled': 'yes', 'cluster-port': String(busPort) } }),
    ),
  );
  afterAll(() => Promise.all(nodes.map((node) => node.close())));
  const clients = nodes.map(({ port }) => new Redis(port, '127.0.0.1'));
  const third = 16_384 / 3;
  for (const [index, client] of clients.entries()) {
    const last = Math.floor((index + 1) * third) - 1;
    await client.call('CLUSTER', 'ADDSLOTSRANGE', Math.floor(index * third), index === 2 ? 16_383 : last);
    await client.call('CLUSTER', 'MEET', '127.0.0.1', nodes[0]?.port ?? 0, ports[0] ?? 0);
  }
  for (const client of clients) {
    await vi.waitFor(async () => {
      const info = await client.cluster('INFO');
      if (!/cluster_state:ok/.test(info) || !/cluster_size:3/.test(info)) throw new Error(info);
    }, 30_000);
    client.disconnect();
  }
  return { url: nodes.map(({ url }) => url).join(',') };
}

/** For a file of tests: one server for all of them, or null where there is none, and the tests skip with the cure. */
export async function redisForTests(options: RedisServerOptions = {}): Promise<RedisServer | null> {
  if ((await findRedis()) === null) return null;
  const server = await startRedis(options);
  afterAll(() => server.close());
  return server;
}

/** The server, or the end of the test as skipped. */
export function requireRedis<Server>(server: Server | null, context: TestContext): Server {
  return server ?? context.skip(redisMissing);
}

/** Resolves when the server has loaded what it kept. */
async function answers(port: number): Promise<void> {
  const redis = new Redis({ port, host: '127.0.0.1', retryStrategy: () => 20, maxRetriesPerRequest: null });
  redis.on('error', () => undefined);
  try {
    await redis.ping();
  } finally {
    redis.disconnect();
  }
}
