import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const root = join(import.meta.dirname, '..', '..', '..');

/**
 * What cannot reach its broker or its Redis ends with a message, and whoever supervises it starts it again: Compose does,
 * `dev` does, so the run does. That often in one start, and as long between two.
 */
const deathsInAStart = 10;
const restartMs = 500;

export interface ServiceOptions {
  readonly name: string;
  /** A command of `tributary`. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Folder that the process starts in, where its log is kept. */
  readonly directory: string;
  readonly port: number;
}

/** A process of the product as production has it: one `tributary` command. */
export class Service {
  readonly name: string;
  readonly port: number;
  readonly #options: ServiceOptions;
  #child: ChildProcess | null = null;

  constructor(options: ServiceOptions) {
    this.#options = options;
    this.name = options.name;
    this.port = options.port;
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error(`${this.name} does not run`);
    return pid;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Resolves when it says that it is ready. Rejects when it ends too often before. */
  async start(signal: AbortSignal): Promise<void> {
    const { directory, name } = this.#options;
    let deaths = 0;
    let child = await this.#spawn(signal);
    // An answer alone is no proof: who died of a port that was taken is answered for by the one who took it.
    while (!(await this.isReady()) || hasEnded(child)) {
      if (hasEnded(child)) {
        deaths += 1;
        if (deaths > deathsInAStart) {
          throw new Error(
            `${name} ended with ${child.exitCode ?? child.signalCode}; see ${directory}/${name}.log`,
          );
        }
        await pause(restartMs, undefined, { signal });
        child = await this.#spawn(signal);
      }
      await pause(100, undefined, { signal });
    }
  }

  async #spawn(signal: AbortSignal): Promise<ChildProcess> {
    const { command, environment, directory, name } = this.#options;
    await using log = await open(join(directory, `${name}.log`), 'a');
    // What is started after the end of the run nobody would stop.
    signal.throwIfAborted();
    const parameters = [...process.execArgv, join(root, 'cli/main.ts'), ...command];
    const child = spawn(process.execPath, parameters, {
      cwd: directory,
      env: { ...process.env, ...environment },
      // A group of its own: Ctrl-C is for the run, which ends the processes in order.
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    this.#child = child;
    return child;
  }

  async isReady(): Promise<boolean> {
    return (await this.health(1_500)) !== null;
  }

  /** What /health/ready says; null when it does not answer 200 in time. */
  async health(timeoutMs: number): Promise<Record<string, unknown> | null> {
    try {
      const answer = await fetch(`${this.origin}/health/ready`, { signal: AbortSignal.timeout(timeoutMs) });
      const body = (await answer.json()) as Record<string, unknown>;
      return answer.ok ? body : null;
    } catch {
      return null;
    }
  }

  /** Ends it by a signal, SIGKILL unless another is given; resolves when it is gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child === null || hasEnded(child)) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;
