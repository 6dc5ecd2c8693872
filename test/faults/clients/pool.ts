import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { ClientPlan } from './client.ts';
import type { Command, Notice } from './process.ts';

export interface PoolOptions {
  readonly directory: string;
  readonly processes: number;
  readonly gateways: readonly string[];
}

/** The clients of a run, spread over processes of their own. */
export class ClientPool {
  readonly #processes: readonly ChildProcess[];
  /** Index of the process by client. */
  readonly #homes = new Map<string, number>();
  readonly #started = new Set<string>();
  /** Connected since all were cut off, or since the begin. */
  #connected = new Set<string>();
  readonly #waiting = new Set<() => void>();

  constructor({ directory, processes, gateways }: PoolOptions) {
    const script = join(import.meta.dirname, 'process.ts');
    this.#processes = Array.from({ length: processes }, (_, index) => {
      const log = join(directory, `clients-${index}.jsonl`);
      const child = fork(script, [log, ...gateways], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
      child.on('message', ({ client, what }: Notice) => {
        (what === 'STARTED' ? this.#started : this.#connected).add(client);
        for (const check of this.#waiting) check();
      });
      return child;
    });
  }

  get size(): number {
    return this.#homes.size;
  }

  join(plans: readonly ClientPlan[]): void {
    for (const plan of plans) {
      const home = this.#homes.size % this.#processes.length;
      this.#homes.set(plan.declaration.client, home);
      this.#send(home, { kind: 'JOIN', plan });
    }
  }

  /** Resolves when all that have joined have a cursor; rejects after the deadline with the names of those without. */
  started(deadlineMs: number): Promise<void> {
    return this.#all('a cursor', () => this.#started, deadlineMs);
  }

  /** Resolves when all are connected, again if they were all cut off; rejects as `started` does. */
  connected(deadlineMs: number): Promise<void> {
    return this.#all('a connection', () => this.#connected, deadlineMs);
  }

  stopReading(clients: readonly string[], ms: number): void {
    for (const [home] of this.#processes.entries()) this.#send(home, { kind: 'STOP_READING', clients, ms });
  }

  /** All of them when none is named. */
  cut(clients: readonly string[] | null): void {
    if (clients === null) this.#connected = new Set();
    for (const [home] of this.#processes.entries()) this.#send(home, { kind: 'CUT', clients });
  }

  async end(): Promise<void> {
    await Promise.all(
      this.#processes.map(async (child, home) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const ended = once(child, 'exit');
        this.#send(home, { kind: 'END' });
        const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
        await ended;
        clearTimeout(timer);
      }),
    );
  }

  async #all(what: string, have: () => ReadonlySet<string>, deadlineMs: number): Promise<void> {
    const missing = (): string[] => [...this.#homes.keys()].filter((client) => !have().has(client));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const check = (): void => {
      if (missing().length === 0) resolve();
    };
    const timer = setTimeout(() => {
      const names = missing();
      reject(new Error(`${names.length} clients are without ${what} after ${deadlineMs / 1000} s: ${names}`));
    }, deadlineMs);
    this.#waiting.add(check);
    check();
    await promise.finally(() => {
      clearTimeout(timer);
      this.#waiting.delete(check);
    });
  }

  #send(home: number, command: Command): void {
    const child = this.#processes[home];
    if (child?.connected === true) child.send(command);
  }
}
