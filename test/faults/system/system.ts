import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../../local/ports.ts';
import { findRedis, redisMissing } from '../../support/redis-server.ts';
import { Balancer } from './balancer.ts';
import { Brokers, type NewTopic } from './brokers.ts';
import { subgraphFolder, writeSupergraph } from './graph.ts';
import { RedisProcess } from './redis.ts';
import { Service } from './service.ts';

/** Tighter than by default, so that what they guard against comes about within a run. */
const limits = {
  heartbeatMs: 4_000,
  upstreamPingMs: 3_000,
  progressMs: 2_000,
  ringBytes: 512 * 1024,
};

export const topics = {
  entries: 'faults.entries',
  accounts: 'faults.accounts',
  branches: 'faults.branches',
} as const;

/** Everything that a run breaks: brokers, Redis, two replicas of `ledger`, `branches`, and two gateways. */
export class System {
  readonly brokers: Brokers;
  readonly redis: RedisProcess;
  readonly replicas: readonly Service[];
  readonly branches: Service;
  readonly gateways: readonly Service[];
  readonly #balancer: Balancer;
  readonly #supergraph: string;
  #version = 0;

  private constructor(parts: {
    brokers: Brokers;
    redis: RedisProcess;
    replicas: readonly Service[];
    branches: Service;
    gateways: readonly Service[];
    supergraph: string;
  }) {
    this.brokers = parts.brokers;
    this.redis = parts.redis;
    this.replicas = parts.replicas;
    this.branches = parts.branches;
    this.gateways = parts.gateways;
    this.#supergraph = parts.supergraph;
    this.#balancer = new Balancer(parts.replicas);
  }

  /** Nothing runs yet. Files and logs of all but the brokers are kept in the directory. */
  static async create(directory: string): Promise<System> {
    const program = await findRedis();
    if (program === null) throw new Error(redisMissing);
    const brokers = await Brokers.create();
    const redisDirectory = join(directory, 'redis');
    await mkdir(redisDirectory);
    const redis = new RedisProcess(program, redisDirectory, await freePort());
    const kafka = { KAFKA_BROKERS: brokers.addresses.join(','), TRIBUTARY_KAFKA_REPLICATION: '3' };
    const subgraph = async (name: string, folder: string, environment: Record<string, string>) => {
      const port = await freePort();
      const data = join(directory, name);
      const command = ['subgraph', subgraphFolder(folder), '--name', folder, '--create-topics'];
      return new Service({
        name,
        command: [...command, '--port', String(port), '--data', data],
        environment: { ...kafka, ...environment },
        directory,
        port,
      });
    };
    const shared = { TRIBUTARY_REDIS_URL: redis.url };
    const supergraph = join(directory, 'supergraph.graphql');
    await writeFile(join(directory, 'tributary.yaml'), configuration(supergraph));
    const gateway = async (name: string): Promise<Service> => {
      const port = await freePort();
      return new Service({
        name,
        command: ['gateway', '--port', String(port)],
        environment: {},
        directory,
        port,
      });
    };
    return new System({
      brokers,
      redis,
      replicas: [await subgraph('ledger-1', 'ledger', shared), await subgraph('ledger-2', 'ledger', shared)],
      branches: await subgraph('branches', 'branches', {}),
      gateways: [await gateway('gateway-1'), await gateway('gateway-2')],
      supergraph,
    });
  }

  /** Resolves when all of it is ready. */
  async start(signal: AbortSignal): Promise<void> {
    await Promise.all([this.brokers.start(signal), this.redis.start(signal), this.#balancer.start()]);
    const wanted: readonly NewTopic[] = [
      { name: topics.entries, partitions: 6, compact: false },
      { name: topics.accounts, partitions: 6, compact: true },
      { name: topics.branches, partitions: 1, compact: true },
    ];
    await this.brokers.createTopics(wanted, signal);
    await this.newSupergraph();
    await Promise.all(
      [...this.replicas, this.branches, ...this.gateways].map((service) => service.start(signal)),
    );
  }

  get gatewayUrls(): readonly string[] {
    return this.gateways.map(({ origin }) => `${origin}/graphql`);
  }

  /** Writes the next version of the supergraph where the gateways look for it. */
  async newSupergraph(): Promise<void> {
    this.#version += 1;
    const ledger = `http://127.0.0.1:${this.#balancer.port}/graphql`;
    await writeSupergraph(
      this.#supergraph,
      { ledger, branches: `${this.branches.origin}/graphql` },
      this.#version,
    );
  }

  /** Whatever state it is in: ends every process. */
  async stop(): Promise<void> {
    const services = [...this.gateways, ...this.replicas, this.branches];
    await Promise.all(services.map((service) => service.kill()));
    await Promise.all([this.redis.kill(), this.brokers.stop(), this.#balancer.stop()]);
  }
}

const configuration = (supergraph: string): string =>
  [
    'gateway:',
    '  pollMs: 1000',
    `  supergraph: ${JSON.stringify(supergraph)}`,
    '  limits:',
    ...Object.entries(limits).map(([name, value]) => `    ${name}: ${value}`),
    '',
  ].join('\n');
