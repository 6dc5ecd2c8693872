import { setTimeout as delay } from 'node:timers/promises';
import { startScript } from '../processes/script.ts';
import { type BenchOptions, shrunk, tributary, type Workload } from '../workload.ts';
import { Clients } from './clients.ts';
import type { DriverMethods } from './driver.ts';
import { startTickGraph, type TickGraph } from './graph.ts';

const plain = 'subscription { ticks { id key sentAt text } }';
const joined = 'subscription { ticks { id key sentAt text product { upc name } } }';

interface Stage {
  readonly graph: TickGraph;
  readonly clients: Clients;
}

/** The graph, and clients that all have had an event. */
const setStage = async (
  query: string,
  sockets: number,
  options: BenchOptions,
  stack: AsyncDisposableStack,
): Promise<Stage> => {
  const graph = await startTickGraph(options, stack);
  const driver = stack.use(await startScript<DriverMethods>(new URL('driver.ts', import.meta.url)));
  const url = graph.url.replace('http', 'ws');
  const operations = [{ query }];
  return { graph, clients: await Clients.connect(driver, tributary, graph, { url, sockets, operations }) };
};

export const latency: Workload = {
  name: 'latency-1000',
  about: 'from producer to client, 1,000 clients, 20 events a second',
  open: async (options, stack) => {
    const { clients } = await setStage(plain, shrunk(1_000, options, 2), options, stack);
    const events = shrunk(200, options, 4);
    return async () => {
      const { latency: found } = await clients.take({ events, together: 1, everyMs: 50 });
      return Object.entries(found).map(([name, value]) => ({
        metric: `${name}_ms`,
        subject: tributary,
        value,
      }));
    };
  },
};

/** Milliseconds that the slowest hundredth may take. */
const maximumP99 = 250;
const tooFast = 20_000;

export const rate: Workload = {
  name: 'rate-1000',
  about: `deliveries a second at which p99 stays within ${maximumP99} ms, 1,000 clients`,
  open: async (options, stack) => {
    const sockets = shrunk(1_000, options, 2);
    const { clients } = await setStage(plain, sockets, options, stack);
    const holds = async (eventsPerSecond: number): Promise<boolean> => {
      const everyMs = Math.max(10, 1_000 / eventsPerSecond);
      const together = Math.max(1, Math.round((eventsPerSecond * everyMs) / 1_000));
      const events = Math.ceil((eventsPerSecond * (2 / options.shrink)) / together) * together;
      const { latency: found } = await clients.take({ events, together, everyMs });
      await delay(200);
      return found.p99 <= maximumP99;
    };
    return async () => {
      let low = 0;
      let high = 20;
      while (high < tooFast && (await holds(high))) [low, high] = [high, high * 2];
      // To an eighth of what it was doubled to: closer than runs agree.
      for (let step = 0; step < 3; step++) {
        const middle = Math.round((low + high) / 2);
        if (await holds(middle)) low = middle;
        else high = middle;
      }
      return [{ metric: 'deliveries_per_s', subject: tributary, value: low * sockets }];
    };
  },
};

/** `joinMs`: what the subgraph of the join takes for a call. */
const slowJoin = (name: string, joinMs: number): Workload => ({
  name,
  about: `events a second with an entity fetch that takes ${joinMs} ms, 10 clients`,
  open: async (options, stack) => {
    const { graph, clients } = await setStage(joined, 10, options, stack);
    await graph.products.call('setDelay', { ms: joinMs });
    const events = shrunk(20_000, options, 100);
    return async () => {
      const { seconds } = await clients.take({ events, together: 500, everyMs: 0 });
      const few = await clients.take({ events: shrunk(200, options, 4), together: 1, everyMs: 10 });
      return [
        { metric: 'events_per_s', subject: tributary, value: events / seconds },
        { metric: 'p50_ms_at_100_per_s', subject: tributary, value: few.latency.p50 },
      ];
    };
  },
});

export const slowJoins: readonly Workload[] = [slowJoin('join-slow', 5), slowJoin('join-slow-100', 100)];
