import { setTimeout as delay } from 'node:timers/promises';
import { median } from '../figure.ts';
import { residentKilobytes } from '../processes/cpu.ts';
import { type Script, startScript } from '../processes/script.ts';
import { type Sample, shrunk, tributary, type Workload } from '../workload.ts';
import type { Connect, DriverMethods } from './driver.ts';
import { startTickGraph } from './graph.ts';
import type { BroadcastMethods } from './ws-broadcast.ts';

/** What is measured is one process, and collects its garbage when it is told to; see collect.mjs. */
const collecting = ['--expose-gc', '--import', new URL('../processes/collect.mjs', import.meta.url).href];

/** After which everything of a connection is there, or gone. */
const settleMs = 1_000;

const collections = 10;

/** Sockets are connected in so many lots, behind a first one that also brings what comes once for all. */
const steps = 4;

/** What is left when collecting brings no more: pages go back to the system some time after what was on them. */
const collectedKilobytes = async (pid: number): Promise<number> => {
  let lowest = Number.POSITIVE_INFINITY;
  for (let count = 0; count < collections; count++) {
    await delay(settleMs);
    process.kill(pid, 'SIGUSR2');
    await delay(100);
    const now = residentKilobytes(pid);
    if (now > lowest * 0.995) return Math.min(now, lowest);
    lowest = now;
  }
  return lowest;
};

/**
 * KB that each further client takes: the median of what all pairs of steps say (Theil-Sen). What a process has of its own,
 * and gets or gives back once, is in none or few of them.
 */
const kilobytesEach = async (
  driver: Script<DriverMethods>,
  pid: number,
  { sockets, ...connect }: Connect,
): Promise<number> => {
  const group = (step: number): string => `memory-${pid}-${step}`;
  const sizes: number[] = [];
  for (let step = 0; step <= steps; step++) {
    await driver.call('connect', { ...connect, group: group(step), sockets: Math.ceil(sockets / steps) });
    sizes.push(await collectedKilobytes(pid));
  }
  for (let step = 0; step <= steps; step++) await driver.call('close', { group: group(step) });
  const slopes = sizes.flatMap((size, step) =>
    sizes.slice(0, step).map((earlier, index) => (size - earlier) / (step - index)),
  );
  return median(slopes) / Math.ceil(sockets / steps);
};

export const memory: Workload = {
  name: 'memory-idle',
  about: 'memory of a subscribed client to whom nothing happens',
  open: async (options, stack) => {
    const sockets = shrunk(5_000, options, 20);
    const driver = stack.use(await startScript<DriverMethods>(new URL('driver.ts', import.meta.url)));
    return async () => {
      // Fresh processes: memory that a run freed would serve the next one.
      await using run = new AsyncDisposableStack();
      const graph = await startTickGraph({ ...options, workers: 1 }, run, collecting);
      const bare = run.use(
        await startScript<BroadcastMethods>(new URL('ws-broadcast.ts', import.meta.url), collecting),
      );
      const port = await bare.call('port', undefined);
      const operations = [{ query: 'subscription { ticks { id key sentAt text } }' }];
      const metric = 'kb_per_client';
      const samples: Sample[] = [
        {
          metric,
          subject: tributary,
          value: await kilobytesEach(driver, graph.pid, {
            ...{ url: graph.url.replace('http', 'ws'), sockets, operations },
          }),
        },
        {
          metric,
          subject: 'ws-broadcast',
          value: await kilobytesEach(driver, bare.pid, {
            ...{ url: `ws://127.0.0.1:${port}/`, sockets, operations: [] },
          }),
        },
      ];
      return samples;
    };
  },
};
