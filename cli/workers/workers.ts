import cluster from 'node:cluster';
import type { Logger } from 'pino';
import { CommandFailure, type ExitCode, exitCodes, exitMeanings } from '../exit.ts';
import type { Standing } from './messages.ts';
import { surplusOf } from './surplus.ts';
import { WorkerSlot } from './worker-slot.ts';

export interface WorkersOptions<Settings> {
  readonly count: number;
  readonly settings: Settings;
  /** Milliseconds that a worker has to end in order; then it is killed. */
  readonly stopMs: number;
  readonly log: Logger;
}

/** Milliseconds between two looks at the workers. */
const lookMs = 10_000;
/** Looks to skip behind one that sent clients away: they are back by then. Doubled while it is of no use, up to ten minutes. */
const pause = { first: 1, longest: 63 };

/**
 * The workers of a command, behind one port. This process accepts the connections and hands them out in turn
 * (docs/decisions/0017); it serves nothing itself.
 */
export class Workers<Settings> {
  /** Resolves with the address when all listen. */
  readonly listening: Promise<string>;
  /** Rejects when one cannot start, or dies so often that it is given up. */
  readonly failed: Promise<never>;
  readonly #options: WorkersOptions<Settings>;
  readonly #slots: readonly WorkerSlot<Settings>[];
  readonly #listen = Promise.withResolvers<string>();
  readonly #fail = Promise.withResolvers<never>();
  readonly #listeners = new Set<number>();
  #settings: Settings;
  /** Those that all workers last started with. */
  #provenSettings: Settings;
  #news: string | null = null;
  #othersBegun = false;
  #started = false;
  #renewing = false;
  #skippedLooks = 0;
  #pauseLooks = pause.first;
  #ending = false;

  constructor(options: WorkersOptions<Settings>) {
    this.#options = options;
    this.#settings = options.settings;
    this.#provenSettings = options.settings;
    this.listening = this.#listen.promise;
    this.failed = this.#fail.promise;
    this.failed.catch(() => undefined);
    // Node's other policy, which its environment can ask for, leaves it to the system, which may prefer one worker.
    cluster.schedulingPolicy = cluster.SCHED_RR;
    this.#slots = Array.from({ length: options.count }, (_, index) => this.#slot(index + 1));
    // However this process ends, but for kill -9: a worker that hangs would not see that its channel closed.
    process.on('exit', () => {
      for (const slot of this.#slots) slot.kill();
    });
    setInterval(() => this.#look(), lookMs).unref();
    // Alone: what is wrong with the settings or the port is told once, and topics are made once.
    this.#slots[0]?.start();
  }

  /** Tells all workers, and those to come until the next news. */
  tell(news: string): void {
    this.#news = news;
    for (const slot of this.#slots) slot.tell({ kind: 'NEWS', news });
  }

  /**
   * Ends the workers and starts them again, with these settings, one after the other, each when the one before is ready. When
   * one does not become ready with them, it gets those from before, and the others are left as they are.
   */
  async renew(settings: Settings): Promise<void> {
    const { log, stopMs } = this.#options;
    if (this.#ending) return;
    if (this.#renewing || !this.#started) {
      log.warn('the workers are still starting; not started again');
      return;
    }
    this.#renewing = true;
    this.#settings = settings;
    log.info('the workers are started again, one after the other');
    for (const slot of this.#slots) {
      if (this.#ending) return;
      await slot.renew(stopMs);
      if (this.#settings !== settings) break;
      if (!this.#ending) log.info(`worker ${slot.number} was started again`);
    }
    this.#provenSettings = this.#settings;
    this.#renewing = false;
  }

  async stop(): Promise<void> {
    this.#ending = true;
    await Promise.all(this.#slots.map((slot) => slot.stop(this.#options.stopMs)));
  }

  #slot(number: number): WorkerSlot<Settings> {
    const { log } = this.#options;
    return new WorkerSlot({
      number,
      log,
      setup: () => ({
        settings: this.#settings,
        joins: this.#standing().ready > 0,
        standing: this.#standing(),
        news: this.#news,
      }),
      listens: (url) => this.#listens(number, url),
      changed: () => this.#changed(),
      failed: (code) => this.#startFailed(number, code),
      diedStarting: () => this.#goBack(number),
      gaveUp: (deaths) => {
        const message =
          `Worker ${number} ended ${deaths} times without ten seconds of service, so the command ends. The lines of ` +
          'the log before say why; start the command again when that is cured.';
        log.fatal(message);
        this.#fail.reject(new CommandFailure(exitCodes.failed, message));
      },
    });
  }

  #listens(number: number, url: string): void {
    this.#listeners.add(number);
    // Once: the first may die, and listen again, before any other listens.
    if (!this.#othersBegun) {
      this.#othersBegun = true;
      for (const slot of this.#slots.slice(1)) slot.start();
    }
    if (this.#listeners.size === this.#slots.length) this.#listen.resolve(url);
  }

  #goBack(number: number): void {
    if (this.#settings === this.#provenSettings) return;
    this.#settings = this.#provenSettings;
    this.#options.log.error(
      `worker ${number} does not start with the settings as they are now, so it goes on with those from before; ` +
        'correct them, and send SIGUSR2 again',
    );
  }

  #changed(): void {
    this.#started ||= this.#slots.every((slot) => slot.isReady);
    const standing = this.#standing();
    for (const slot of this.#slots) slot.tell({ kind: 'STANDING', standing });
  }

  #look(): void {
    if (this.#ending) return;
    const isCalm = !this.#renewing && this.#slots.every((slot) => slot.isReady && slot.isHeard);
    if (isCalm) this.#level();
    for (const slot of this.#slots) slot.look();
  }

  /** Not while one is away, starts or hangs: it would take none of those who are sent away. */
  #level(): void {
    if (this.#skippedLooks > 0) {
      this.#skippedLooks -= 1;
      return;
    }
    const surplus = surplusOf(this.#slots.map(({ clients }) => clients));
    const isEven = surplus.every((clients) => clients === 0);
    this.#skippedLooks = isEven ? 0 : this.#pauseLooks;
    this.#pauseLooks = isEven ? pause.first : Math.min(pause.longest, this.#pauseLooks * 2 + 1);
    for (const [index, slot] of this.#slots.entries()) {
      const clients = surplus[index] ?? 0;
      if (clients === 0) continue;
      this.#options.log.info(
        `worker ${slot.number} has ${slot.clients} clients, more than its share, and tells up to ${clients} to connect again`,
      );
      slot.tell({ kind: 'SHED', clients });
    }
  }

  #standing(): Standing {
    const ready = this.#slots.filter((slot) => slot.isReady).length;
    return { of: this.#slots.length, ready, started: this.#started };
  }

  #startFailed(number: number, code: number | null): void {
    const exitCode = code !== null && isFailure(code) ? code : exitCodes.failed;
    const message = `Worker ${number} could not start, so the command ends; the lines before say why.`;
    this.#fail.reject(new CommandFailure(exitCode, message));
  }
}

const isFailure = (code: number): code is ExitCode => code !== exitCodes.ok && code in exitMeanings;
