import cluster from 'node:cluster';
import { availableParallelism } from 'node:os';
import type { Logger } from 'pino';
import { CommandFailure, type ExitCode, exitCodes } from '../exit.ts';
import { serveUntilStopped } from '../serving.ts';
import { Workers } from './workers.ts';

export interface ServeByWorkers<Settings> {
  /** What is served, for the log: `gateway`, `subgraph orders`. */
  readonly what: string;
  readonly count: number;
  readonly settings: Settings;
  /** The settings as they are now, for workers that are started again; what it rejects with leaves all as it is. */
  readonly readAgain: () => Promise<Settings>;
  /** Milliseconds within which the command ends when it is told to; workers that are late are killed half a second before. */
  readonly stopDeadlineMs: number;
  readonly log: Logger;
  /** What all workers are told, until `signal` aborts. What it rejects with ends the command. */
  readonly news?: (signal: AbortSignal) => AsyncIterable<string>;
}

/**
 * Runs a command as `count` workers on one port until it is told to stop. SIGUSR2 starts them again, one by one. Rejects with
 * CommandFailure when one cannot start or is given up, after stopping the others.
 */
export const serveByWorkers = async <Settings>(options: ServeByWorkers<Settings>): Promise<ExitCode> => {
  const { what, count, log, news } = options;
  requireCluster();
  if (count > availableParallelism())
    log.warn(
      `${count} workers share ${availableParallelism()} cores; more than one a core make nothing faster`,
    );
  const ending = new AbortController();
  const { settings, stopDeadlineMs } = options;
  const workers = new Workers({ count, settings, stopMs: stopDeadlineMs - 500, log });
  workers.listening.then((url) => log.info(`${what} listens on ${url}, with ${count} workers`));
  process.on('SIGUSR2', () => void renew(workers, options));
  const telling = news === undefined ? null : tellNews(workers, news(ending.signal));
  return serveUntilStopped({
    failed: telling === null ? workers.failed : Promise.race([workers.failed, telling]),
    stopDeadlineMs,
    stop: async () => {
      ending.abort();
      await workers.stop();
    },
  });
};

/** SIGUSR2 would end a command without workers at once, without a drain. */
export const explainNoWorkers = (log: Logger): void => {
  process.on('SIGUSR2', () =>
    log.warn('SIGUSR2 starts workers again, and this command has none; end it and start it again instead'),
  );
};

/** Never resolves, so that it can stand for a failure. */
const tellNews = async <Settings>(
  workers: Workers<Settings>,
  news: AsyncIterable<string>,
): Promise<never> => {
  for await (const one of news) workers.tell(one);
  return new Promise<never>(() => undefined);
};

const renew = async <Settings>(
  workers: Workers<Settings>,
  { readAgain, log }: ServeByWorkers<Settings>,
): Promise<void> => {
  let settings: Settings;
  try {
    settings = await readAgain();
  } catch (err) {
    log.error({ err }, 'what the workers would be started with is wrong; they go on as they are');
    return;
  }
  await workers.renew(settings);
};

const requireCluster = (): void => {
  if (cluster.isPrimary) return;
  throw new CommandFailure(
    exitCodes.wrongUse,
    'Workers cannot be started by a process that is itself a worker of a Node cluster, as some process managers make ' +
      'them. Start the command plainly (pm2: exec_mode fork), or leave --workers away.',
  );
};
