import cluster from 'node:cluster';
import { once } from 'node:events';
import type { FromPrimary, FromWorker, Setup, Standing } from './messages.ts';
import { Newest } from './newest.ts';

/** The number of this process among the workers of a command, from 1; null when it is none of them. */
export const workerNumber = (): number | null => {
  const given = process.env.TRIBUTARY_WORKER;
  // Both: a process manager may run the command itself in a cluster, and children inherit variables.
  return cluster.isWorker && given !== undefined ? Number(given) : null;
};

/** Milliseconds between two signs of life; the command waits for a minute. */
const aliveMs = 1_000;

/** Those of a server that stay: how many there are, and a way to send some to others. */
interface Clients {
  readonly sockets: number;
  shed(count: number): void;
}

/** The side of a worker towards its command. It ends with the command: Node ends it when the channel closes. */
export class WorkerPlace<Settings> {
  readonly number: number;
  readonly setup: Setup<Settings>;
  /** What the command tells all workers; the newest replaces those that were not taken yet. */
  readonly news: Newest<string>;
  /** Resolves when the worker is to end: the command says so, or somebody ends this worker alone, by SIGTERM. */
  readonly told: Promise<unknown>;
  #standing: Standing;
  #clients: Clients = { sockets: 0, shed: () => undefined };

  /** Asks the command what to do. Ctrl-C and a closed terminal reach the whole group: they are the command's to obey. */
  static async enter<Settings>(number: number): Promise<WorkerPlace<Settings>> {
    for (const signal of ['SIGINT', 'SIGHUP', 'SIGUSR2'] as const) process.on(signal, () => undefined);
    const told = once(process, 'SIGTERM');
    const { promise, resolve } = Promise.withResolvers<WorkerPlace<Settings>>();
    const begin = (message: FromPrimary<Settings>): void => {
      if (message.kind === 'STOP') process.exit(0);
      if (message.kind !== 'SETUP') return;
      process.off('message', begin);
      // At once: messages that came together are given out before anything that awaits this one.
      resolve(new WorkerPlace(number, message.setup, told));
    };
    process.on('message', begin);
    send({ kind: 'HELLO' });
    return unlessTold(told, promise);
  }

  private constructor(number: number, setup: Setup<Settings>, sigterm: Promise<unknown>) {
    this.number = number;
    this.setup = setup;
    this.news = new Newest(setup.news);
    this.#standing = setup.standing;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.told = Promise.race([promise, sigterm]);
    process.on('message', (message: FromPrimary<Settings>) => {
      if (message.kind === 'STANDING') this.#standing = message.standing;
      if (message.kind === 'NEWS') this.news.put(message.news);
      if (message.kind === 'SHED') this.#clients.shed(message.clients);
      if (message.kind === 'STOP') resolve();
    });
    setInterval(() => send({ kind: 'ALIVE', clients: this.#clients.sockets }), aliveMs).unref();
  }

  /** What `start` resolves with. Told to end before that, the process ends at once: it has no clients yet. */
  begin<T>(start: Promise<T>): Promise<T> {
    return unlessTold(this.told, start);
  }

  /** For /health/ready. */
  readonly standing = (): Standing & { readonly number: number } => ({
    number: this.number,
    ...this.#standing,
  });

  listens(url: string): void {
    send({ kind: 'LISTENS', url });
  }

  ready(): void {
    send({ kind: 'READY' });
  }

  /** Lets the command keep the clients of all workers even. */
  share(clients: Clients): void {
    this.#clients = clients;
  }
}

/** To a command that is gone nothing can be said: this process ends for the same reason. */
const send = (message: FromWorker): void => {
  process.send?.(message, undefined, undefined, () => undefined);
};

const unlessTold = async <T>(told: Promise<unknown>, start: Promise<T>): Promise<T> => {
  let isBegun = false;
  void told.then(() => isBegun || process.exit(0));
  try {
    return await start;
  } finally {
    isBegun = true;
  }
};
