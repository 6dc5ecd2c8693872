import { setTimeout as pause } from 'node:timers/promises';
import type { ClientPool } from './clients/pool.ts';
import type { Random } from './random.ts';
import type { Service } from './system/service.ts';
import { type System, topics } from './system/system.ts';

export interface Fault {
  /** As the table counts it. */
  readonly name: string;
  /** Names of what it breaks, one of them or all, and what nothing else may break meanwhile. */
  readonly targets: readonly string[];
  readonly breaks: 'ONE' | 'ALL';
  /** Resolves with what was broken when that stands again. `tell` prints how it goes. */
  carryOut(target: string, tell: (text: string) => void, signal: AbortSignal): Promise<string>;
}

export interface FaultOptions {
  readonly system: System;
  readonly pool: ClientPool;
  /** Names of the clients that may stop reading, and of all. */
  readonly slow: readonly string[];
  readonly clients: readonly string[];
  readonly random: Random;
  /** Milliseconds for which a process is stopped or a client does not read. */
  readonly stopMs: number;
  /** Milliseconds for which what was killed stays away. */
  readonly awayMs: readonly [number, number];
}

/** For a gateway to serve another graph, and to have moved all subscriptions to it. */
const takenMs = 60_000;

/** Everything that a run breaks, one of each. */
export function allFaults(options: FaultOptions): readonly Fault[] {
  return [
    ...serviceFaults(options),
    ...brokerFaults(options),
    ...redisFaults(options),
    ...clientFaults(options),
    ...changes(options),
  ];
}

const serviceFaults = (options: FaultOptions): readonly Fault[] => {
  const { system, random, awayMs, stopMs } = options;
  const named: readonly (readonly [string, readonly Service[]])[] = [
    ['gateway', system.gateways],
    ['replica', system.replicas],
  ];
  const fault = (
    name: string,
    services: readonly Service[],
    carryOut: (service: Service, tell: (text: string) => void, signal: AbortSignal) => Promise<void>,
  ): Fault => ({
    name,
    targets: services.map((service) => service.name),
    breaks: 'ONE',
    carryOut: async (target, tell, signal) => {
      const service = services.find((each) => each.name === target);
      if (service !== undefined) await carryOut(service, tell, signal);
      return target;
    },
  });
  const killed = (thing: string, services: readonly Service[]): Fault =>
    fault(`${thing} killed`, services, async (service, tell, signal) => {
      tell(`${service.name}: kill -9`);
      await service.kill();
      await pause(random.between(...awayMs), undefined, { signal });
      await service.start(signal);
    });
  const stopped = (thing: string, services: readonly Service[]): Fault =>
    fault(`${thing} stopped`, services, async (service, tell, signal) => {
      tell(`${service.name}: SIGSTOP for ${stopMs / 1000} s`);
      await stopFor(service.pid, stopMs, signal);
    });
  return [
    ...named.map(([thing, services]) => killed(thing, services)),
    ...named.map(([thing, services]) => stopped(thing, services)),
    killed('branches', [system.branches]),
    fault('gateway drained', system.gateways, async (gateway, tell, signal) => {
      tell(`${gateway.name}: SIGTERM`);
      await gateway.kill('SIGTERM');
      await gateway.start(signal);
    }),
  ];
};

const brokerFaults = ({ system, random, awayMs, stopMs }: FaultOptions): readonly Fault[] => {
  const all = Object.values(topics);
  const leader = async (): Promise<number> =>
    (await system.brokers.leaderOf(topics.entries, random.below(6))) ?? random.below(3);
  return [
    {
      name: 'leader killed',
      targets: ['brokers'],
      breaks: 'ALL',
      carryOut: async (_, tell, signal) => {
        const index = await leader();
        tell(`broker ${index + 1}: kill -9`);
        await system.brokers.kill(index);
        await pause(random.between(...awayMs), undefined, { signal });
        await system.brokers.restart(index, signal);
        await system.brokers.untilInSync(all, signal);
        return `broker ${index + 1}`;
      },
    },
    {
      name: 'leader stopped',
      targets: ['brokers'],
      breaks: 'ALL',
      carryOut: async (_, tell, signal) => {
        const index = await leader();
        tell(`broker ${index + 1}: SIGSTOP for ${stopMs / 1000} s`);
        await stopFor(system.brokers.pid(index), stopMs, signal);
        await system.brokers.untilInSync(all, signal);
        return `broker ${index + 1}`;
      },
    },
  ];
};

const redisFaults = ({ system, random, awayMs, stopMs }: FaultOptions): readonly Fault[] => {
  const killed = (name: string, loses: boolean): Fault => ({
    name,
    targets: ['redis'],
    breaks: 'ALL',
    carryOut: async (_, tell, signal) => {
      tell(`kill -9${loses ? ', and what it kept is lost' : ''}`);
      await system.redis.kill();
      if (loses) await system.redis.lose();
      await pause(random.between(...awayMs), undefined, { signal });
      await system.redis.start(signal);
      return 'redis';
    },
  });
  return [
    killed('redis killed', false),
    killed('redis lost its data', true),
    {
      name: 'redis stopped',
      targets: ['redis'],
      breaks: 'ALL',
      carryOut: async (_, tell, signal) => {
        tell(`SIGSTOP for ${stopMs / 1000} s`);
        await stopFor(system.redis.pid, stopMs, signal);
        return 'redis';
      },
    },
  ];
};

const clientFaults = ({ pool, slow, clients, random, stopMs }: FaultOptions): readonly Fault[] => [
  {
    name: 'clients stop reading',
    targets: ['slow clients'],
    breaks: 'ALL',
    carryOut: async (_, tell, signal) => {
      tell(`${slow.length} clients for ${stopMs / 1000} s`);
      pool.stopReading(slow, stopMs);
      await pause(stopMs, undefined, { signal });
      return `${slow.length} clients`;
    },
  },
  {
    name: 'clients cut off',
    targets: [],
    breaks: 'ALL',
    carryOut: async (_, tell) => {
      const some = random.shuffled(clients).slice(0, Math.ceil(clients.length / 4));
      tell(`${some.length} sockets destroyed`);
      pool.cut(some);
      return `${some.length} clients`;
    },
  },
];

const changes = ({ system }: FaultOptions): readonly Fault[] => [
  {
    name: 'new supergraph',
    targets: system.gateways.map(({ name }) => name),
    breaks: 'ALL',
    carryOut: async (_, tell, signal) => {
      tell('the gateways get the next version');
      const before = await Promise.all(system.gateways.map((gateway) => gateway.health(5_000)));
      await system.newSupergraph();
      await Promise.all(
        system.gateways.map((gateway, index) => taken(gateway, before[index]?.generation, signal)),
      );
      return 'both gateways';
    },
  },
  {
    name: 'partitions added',
    targets: ['partitions'],
    breaks: 'ALL',
    carryOut: async (_, tell) => {
      const count = await system.brokers.addPartitions(topics.entries, 2);
      tell(`${topics.entries} has ${count}`);
      return topics.entries;
    },
  },
];

/** A gateway sees for itself that there is another graph, and has moved all live subscriptions when this resolves. */
const taken = async (gateway: Service, before: unknown, signal: AbortSignal): Promise<void> => {
  const deadline = Date.now() + takenMs;
  for (;;) {
    const health = await gateway.health(5_000);
    const { movesPending } = (health?.subscriptions ?? {}) as { movesPending?: number };
    if (health !== null && health.generation !== before && movesPending === 0) return;
    if (Date.now() > deadline) {
      throw new Error(`${gateway.name} has not taken the new supergraph after ${takenMs / 1000} s`);
    }
    await pause(200, undefined, { signal });
  }
};

/** SIGCONT comes also when the run is told to end: a stopped process would ignore SIGTERM. */
const stopFor = async (pid: number, ms: number, signal: AbortSignal): Promise<void> => {
  process.kill(pid, 'SIGSTOP');
  try {
    await pause(ms, undefined, { signal });
  } finally {
    process.kill(pid, 'SIGCONT');
  }
};
