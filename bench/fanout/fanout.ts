import { startScript } from '../processes/script.ts';
import { type Sample, shrunk, tributary, type Workload } from '../workload.ts';
import { Clients, type Publisher } from './clients.ts';
import type { DriverMethods } from './driver.ts';
import { startTickGraph } from './graph.ts';
import type { Pace } from './pace.ts';
import type { StockMethods } from './stock-graphql-ws.ts';
import { tickOf } from './ticks.ts';
import type { BroadcastMethods } from './ws-broadcast.ts';

interface Fanout {
  readonly name: string;
  readonly about: string;
  readonly sockets: number;
  readonly pace: Pace;
  /** Adds a field of another subgraph to each event. */
  readonly join?: boolean;
}

const plain = 'subscription { ticks { id key sentAt text } }';
const joined = 'subscription { ticks { id key sentAt text product { upc name } } }';

/** Events to many clients of one operation; what one delivery costs the gateway. */
const fanout = ({ name, about, sockets, pace, join = false }: Fanout): Workload => ({
  name,
  about,
  open: async (options, stack) => {
    const count = shrunk(sockets, options, 2);
    const graph = await startTickGraph(options, stack);
    const driver = stack.use(await startScript<DriverMethods>(new URL('driver.ts', import.meta.url)));
    const operations = [{ query: join ? joined : plain }];
    const url = graph.url.replace('http', 'ws');
    const ours = await Clients.connect(driver, tributary, graph, { url, sockets: count, operations });
    const text = await ours.lastText();
    const bare = await connectBroadcast(driver, count, text, stack);
    const stock = await connectStock(driver, count, operations, stack);
    const events = shrunk(pace.events / pace.together, options, 2) * pace.together;
    // A compiler at work is no part of a delivery's cost, and has done with a loop of `send` long before a gateway.
    const warmUp = { ...pace, events: Math.ceil(events / 4 / pace.together) * pace.together };
    for (const clients of [ours, bare, stock]) await clients.take(warmUp);
    const all = [
      { subject: tributary, clients: ours, pace: { ...pace, events } },
      { subject: 'ws-broadcast', clients: bare, pace: { ...pace, events } },
      // It takes so much longer that fewer must do; the figure is by delivery.
      { subject: 'graphql-ws', clients: stock, pace: { ...pace, events: events / 5 } },
    ];
    return () => takeTurns(all);
  },
});

interface Measured {
  readonly subject: string;
  readonly clients: Clients;
  /** Of all turns. */
  readonly pace: Pace;
}

/** Turns of a run: what the machine does besides changes within seconds, and is shared so by all that are compared. */
const turns = 4;

const takeTurns = async (all: readonly Measured[]): Promise<Sample[]> => {
  const costs = all.map((): number[] => []);
  for (let turn = 0; turn < turns; turn++) {
    for (const [index, { clients, pace }] of all.entries()) {
      const lots = Math.max(1, Math.round(pace.events / pace.together / turns));
      const { cpuUsPerDelivery } = await clients.take({ ...pace, events: lots * pace.together });
      costs[index]?.push(cpuUsPerDelivery);
    }
  }
  return all.map(({ subject }, index) => ({
    metric: 'cpu_us_per_delivery',
    subject,
    value: mean(costs[index] ?? []),
  }));
};

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

const connectBroadcast = async (
  driver: Parameters<typeof Clients.connect>[0],
  sockets: number,
  text: string,
  stack: AsyncDisposableStack,
): Promise<Clients> => {
  const script = stack.use(await startScript<BroadcastMethods>(new URL('ws-broadcast.ts', import.meta.url)));
  const publisher: Publisher = {
    pid: script.pid,
    publish: (pace) => script.call('publish', { ...pace, text }),
  };
  const url = `ws://127.0.0.1:${await script.call('port', undefined)}/`;
  return Clients.connect(driver, 'ws-broadcast', publisher, { url, sockets, operations: [] });
};

const connectStock = async (
  driver: Parameters<typeof Clients.connect>[0],
  sockets: number,
  operations: readonly { readonly query: string }[],
  stack: AsyncDisposableStack,
): Promise<Clients> => {
  const script = stack.use(await startScript<StockMethods>(new URL('stock-graphql-ws.ts', import.meta.url)));
  const tick = { ...tickOf(0, 'k0'), product: { upc: 'p0', name: 'Product p0' } };
  const publisher: Publisher = {
    pid: script.pid,
    publish: (pace) => script.call('publish', { ...pace, tick }),
  };
  const url = `ws://127.0.0.1:${await script.call('port', undefined)}/graphql`;
  return Clients.connect(driver, 'graphql-ws', publisher, { url, sockets, operations });
};

const singly = (events: number, everyMs: number): Pace => ({ events, together: 1, everyMs });

export const fanouts: readonly Workload[] = [
  fanout({
    name: 'fanout-100',
    about: '100 clients of one operation, an event at a time',
    sockets: 100,
    pace: singly(500, 10),
  }),
  fanout({
    name: 'fanout-1000',
    about: '1,000 clients of one operation, an event at a time',
    sockets: 1_000,
    pace: singly(100, 50),
  }),
  fanout({
    name: 'fanout-1000-burst',
    about: 'the same with ten events that are due together',
    sockets: 1_000,
    pace: { events: 300, together: 10, everyMs: 200 },
  }),
  fanout({
    name: 'fanout-5000',
    about: '5,000 clients of one operation, an event at a time',
    sockets: 5_000,
    pace: singly(40, 250),
  }),
  fanout({
    name: 'fanout-join-1000',
    about: '1,000 clients, and an entity fetch for each event',
    sockets: 1_000,
    pace: singly(100, 50),
    join: true,
  }),
  fanout({
    name: 'fanout-join-1000-burst',
    about: 'the same with ten events that are due together',
    sockets: 1_000,
    pace: { events: 300, together: 10, everyMs: 200 },
    join: true,
  }),
];
