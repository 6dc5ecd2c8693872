import { setTimeout as delay } from 'node:timers/promises';
import { cpuOf } from '../processes/cpu.ts';
import { startScript } from '../processes/script.ts';
import { type BenchOptions, type Sample, shrunk, tributary, type Workload } from '../workload.ts';
import type { DriverMethods } from './driver.ts';
import { startTickGraph } from './graph.ts';
import type { Pace } from './pace.ts';
import type { BroadcastMethods } from './ws-broadcast.ts';

const ofKey = 'subscription ($key: ID) { ticks(key: $key) { id key sentAt text } }';
const keysPerSocket = 10;

interface Filtered {
  readonly name: string;
  readonly about: string;
  readonly subscriptions: number;
  /** 1,000 events a second in all. */
  readonly pace: Omit<Pace, 'events'>;
}

/** Every event is for one of the subscriptions; what it costs gateway and subgraph. */
const filter = ({ name, about, ...filtered }: Filtered): Workload => ({
  name,
  about,
  open: (options, stack) => open(filtered, options, stack),
});

const open = async (
  { subscriptions, pace }: Pick<Filtered, 'subscriptions' | 'pace'>,
  options: BenchOptions,
  stack: AsyncDisposableStack,
): Promise<() => Promise<Sample[]>> => {
  const graph = await startTickGraph(options, stack);
  const driver = stack.use(await startScript<DriverMethods>(new URL('driver.ts', import.meta.url)));
  const sockets = shrunk(subscriptions / keysPerSocket, options, 2);
  const keys = sockets * keysPerSocket;
  const group = tributary;
  const operations = Array.from({ length: keysPerSocket }, () => ({ query: ofKey }));
  const url = graph.url.replace('http', 'ws');
  await driver.call('connect', { group, url, sockets, operations, keys: true });
  /** Each event is of the next key, in an order that does not follow the sockets. */
  const publish = (events: number, { together, everyMs } = pace): Promise<void> =>
    graph.publish({ events, together, everyMs }, (number) => `k${(number * 7_919) % keys}`);
  const deadline = Date.now() + 120_000;
  for (let heard = 0; heard < keys; ) {
    if (Date.now() > deadline) throw new Error(`${heard} of ${keys} subscriptions got their event`);
    await driver.call('begin', { group });
    await publish(keys, { together: 50, everyMs: 20 });
    await delay(2_000);
    heard = await driver.call('deliveries', { group });
  }
  const bare = stack.use(await startScript<BroadcastMethods>(new URL('ws-broadcast.ts', import.meta.url)));
  const bareUrl = `ws://127.0.0.1:${await bare.call('port', undefined)}/`;
  await driver.call('connect', { group: 'ws-broadcast', url: bareUrl, sockets, operations: [] });
  const text = await driver.call('lastText', { group });
  // Ten seconds: progress without an event is told every five.
  const events = shrunk(10_000, options, 20);
  /** Microseconds of CPU a delivery, of each process, while the events go to a group. */
  const cost = async (
    of: string,
    pids: readonly number[],
    send: () => Promise<unknown>,
  ): Promise<number[]> => {
    await driver.call('begin', { group: of });
    const before = pids.map(cpuOf);
    const sent = send();
    await driver.call('received', { group: of, deliveries: events, timeoutMs: 120_000 });
    const used = pids.map((pid, index) => (cpuOf(pid) - (before[index] ?? 0)) / events);
    await sent;
    return used;
  };
  return async () => {
    const [gateway = 0, subgraph = 0] = await cost(group, [graph.pid, graph.subgraphPid], () =>
      publish(events),
    );
    const [least = 0] = await cost('ws-broadcast', [bare.pid], () =>
      bare.call('publishInTurn', { events, ...pace, text }),
    );
    return [
      { metric: 'cpu_us_per_delivery', subject: tributary, value: gateway },
      { metric: 'cpu_us_per_delivery', subject: 'ws-broadcast', value: least },
      { metric: 'subgraph_cpu_us_per_delivery', subject: tributary, value: subgraph },
    ];
  };
};

export const filters: readonly Workload[] = [
  filter({
    name: 'filter-1000',
    about: '1,000 subscriptions on 1,000 keys, 1,000 events a second, each for one of them',
    subscriptions: 1_000,
    pace: { together: 10, everyMs: 10 },
  }),
  filter({
    name: 'filter-10000',
    about: '10,000 subscriptions on 10,000 keys, 1,000 events a second, each for one of them',
    subscriptions: 10_000,
    pace: { together: 10, everyMs: 10 },
  }),
  filter({
    name: 'filter-10000-burst',
    about: 'the same with a hundred events that are due together',
    subscriptions: 10_000,
    pace: { together: 100, everyMs: 100 },
  }),
];
