import cluster, { type Worker } from 'node:cluster';
import type { Logger } from 'pino';
import { closeWhatWasHandedOver } from './handed-over.ts';
import type { FromPrimary, FromWorker, Setup } from './messages.ts';

export interface SlotOptions<Settings> {
  /** From 1. */
  readonly number: number;
  readonly log: Logger;
  readonly setup: () => Setup<Settings>;
  readonly listens: (url: string) => void;
  /** It became ready, or is no longer. */
  readonly changed: () => void;
  /** It ended, before it ever listened. */
  readonly failed: (code: number | null) => void;
  /** It ended before it was ready, though it was before. */
  readonly diedStarting: () => void;
  /** It died too often. */
  readonly gaveUp: (deaths: number) => void;
}

/** Wait before a replacement, milliseconds, doubled with each death. */
const delayMs = 250;
/** Of so many deaths, none after `forgottenAfterMs` of service, the last is not followed by a replacement. */
const maximumDeaths = 5;
const forgottenAfterMs = 10_000;
/** Looks at a worker without a sign of life between them, behind which it is taken to hang. */
const maximumSilentLooks = 6;

/** One numbered worker: a process that is replaced when it dies. */
export class WorkerSlot<Settings> {
  readonly number: number;
  readonly #options: SlotOptions<Settings>;
  #worker: Worker | null = null;
  #clients = 0;
  #silentLooks = 0;
  #readySince: number | null = null;
  #hasListened = false;
  #deaths = 0;
  /** It ends because it was told. */
  #ending = false;
  /** No process takes its place any more. */
  #over = false;
  #timer: NodeJS.Timeout | undefined;
  #readyWaiters: (() => void)[] = [];

  constructor(options: SlotOptions<Settings>) {
    this.number = options.number;
    this.#options = options;
  }

  get isReady(): boolean {
    return this.#readySince !== null;
  }

  /** As it said last. */
  get clients(): number {
    return this.#clients;
  }

  /** It gave a sign of life since the last look. */
  get isHeard(): boolean {
    return this.#worker !== null && this.#silentLooks === 0;
  }

  /**
   * Kills what gave no sign of life for several looks, a minute in all: the other workers answer for the command's health, so
   * nobody else would notice. Looks are counted, not time: a machine that slept kills nobody.
   */
  look(): void {
    if (this.#worker === null) return;
    this.#silentLooks += 1;
    if (this.#silentLooks <= maximumSilentLooks) return;
    this.#options.log.error(
      `worker ${this.number} hangs: it gave no sign of life for a minute, and is killed`,
    );
    this.kill();
  }

  start(): void {
    let worker: Worker;
    try {
      worker = cluster.fork({ TRIBUTARY_WORKER: String(this.number) });
    } catch (error) {
      // Node throws for want of memory, say, and tells of want of files by an event.
      this.#ended(`could not be started: ${(error as Error).message}`, null);
      return;
    }
    this.#worker = worker;
    this.#silentLooks = 0;
    closeWhatWasHandedOver(worker);
    worker.on('message', (message: FromWorker) => this.#take(worker, message));
    let over = false;
    const end = (how: string, code: number | null): void => {
      if (over) return;
      over = true;
      this.#ended(how, code);
    };
    // Both, since a process that could not be started has no exit.
    worker.on('error', (error) => {
      if (!worker.isConnected() && worker.process.pid === undefined)
        end(`could not be started: ${error.message}`, null);
    });
    worker.on('exit', (code, signal) =>
      end(signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`, code),
    );
  }

  /** Resolves when it is ready; when it dies on the way, with the replacement. */
  async untilReady(): Promise<void> {
    if (!this.isReady) await new Promise<void>((resolve) => this.#readyWaiters.push(resolve));
  }

  /** Ends it in order, within `deadlineMs`, else by force. Resolves when it is gone for good. */
  async stop(deadlineMs: number): Promise<void> {
    this.#over = true;
    await this.#end(deadlineMs);
  }

  /** Ends it in order and starts it again. Resolves when the new one is ready. */
  async renew(deadlineMs: number): Promise<void> {
    await this.#end(deadlineMs);
    if (this.#over) return;
    this.#ending = false;
    this.start();
    await this.untilReady();
  }

  tell(message: FromPrimary<Settings>): void {
    // The callback takes the error of a channel that has just closed: its exit comes besides.
    this.#worker?.send(message, () => undefined);
  }

  kill(): void {
    this.#worker?.process.kill('SIGKILL');
  }

  async #end(deadlineMs: number): Promise<void> {
    this.#ending = true;
    clearTimeout(this.#timer);
    const worker = this.#worker;
    if (worker === null) return;
    // Not events.once, which an error of the channel would reject, when the worker dies while it is handed a connection.
    const gone = new Promise<void>((resolve) => void worker.once('exit', () => resolve()));
    this.tell({ kind: 'STOP' });
    const timer = setTimeout(() => {
      this.#options.log.error(
        `worker ${this.number} did not end within ${deadlineMs / 1000} s and is killed`,
      );
      this.kill();
    }, deadlineMs);
    await gone;
    clearTimeout(timer);
  }

  #take(worker: Worker, message: FromWorker): void {
    if (worker !== this.#worker) return;
    this.#silentLooks = 0;
    if (message.kind === 'HELLO') this.tell({ kind: 'SETUP', setup: this.#options.setup() });
    if (message.kind === 'LISTENS') {
      this.#hasListened = true;
      this.#options.listens(message.url);
    }
    if (message.kind === 'ALIVE') this.#clients = message.clients;
    if (message.kind !== 'READY') return;
    this.#readySince = performance.now();
    const { log, changed } = this.#options;
    log.info({ worker: this.number, pid: worker.process.pid }, `worker ${this.number} is ready`);
    changed();
    for (const waiter of this.#readyWaiters.splice(0)) waiter();
  }

  #ended(how: string, code: number | null): void {
    const served = this.#readySince === null ? null : performance.now() - this.#readySince;
    this.#worker = null;
    this.#clients = 0;
    this.#readySince = null;
    if (served !== null) this.#options.changed();
    if (this.#ending) return;
    const { log } = this.#options;
    if (!this.#hasListened) {
      this.#options.failed(code);
      return;
    }
    if (served === null) this.#options.diedStarting();
    else if (served >= forgottenAfterMs) this.#deaths = 0;
    this.#deaths += 1;
    if (this.#deaths >= maximumDeaths) {
      this.#options.gaveUp(this.#deaths);
      return;
    }
    // Somebody ended this one alone, by SIGTERM, and wants a fresh one. It counts all the same: else what ends itself in
    // order, again and again, would be started for ever.
    if (code === 0 && served !== null) {
      log.info(`worker ${this.number} ended as it was told; another takes its place`);
      this.start();
      return;
    }
    const pauseMs = delayMs * 2 ** (this.#deaths - 1);
    log.error(`worker ${this.number} ${how}; another takes its place in ${pauseMs / 1000} s`);
    this.#timer = setTimeout(() => this.start(), pauseMs);
  }
}
