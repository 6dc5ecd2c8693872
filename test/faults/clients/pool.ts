import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LogLine } from '../checker/format.ts';
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
  readonly #logs: readonly string[];
  /** Index of the process by client. */
  readonly #homes = new Map<string, number>();
  readonly #started = new Set<string>();
  /** Connected since all were cut off, or since the begin. */
  #connected = new Set<string>();
  readonly #waiting = new Set<() => void>();

  constructor({ directory, processes, gateways }: PoolOptions) {
    const script = join(import.meta.dirname, 'process.ts');
    this.#logs = Array.from({ length: processes }, (_, index) => join(directory, `clients-${index}.jsonl`));
    this.#processes = this.#logs.map((log) => {
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

  /** Resolves when all that have joined have a cursor; rejects after the deadline with what those without wrote last. */
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
    const fail = async (): Promise<void> => {
      const names = missing();
      const lines = await this.#lastLines();
      const told = names.map((name) => `\n  ${lines.get(name) ?? `${name} was never connected`}`);
      reject(
        new Error(
          `${names.length} clients are without ${what} after ${deadlineMs / 1000} s:${told.join('')}`,
        ),
      );
    };
    const timer = setTimeout(() => void fail().catch(reject), deadlineMs);
    this.#waiting.add(check);
    check();
    await promise.finally(() => {
      clearTimeout(timer);
      this.#waiting.delete(check);
    });
  }

  /** By client, as it stands in its log. */
  async #lastLines(): Promise<ReadonlyMap<string, string>> {
    const texts = await Promise.all(this.#logs.map((log) => readFile(log, 'utf8')));
    const lines = texts.flatMap((text) => text.split('\n')).filter((line) => line !== '');
    return new Map(lines.map((line) => [(JSON.parse(line) as LogLine).client, line]));
  }

  #send(home: number, command: Command): void {
    const child = this.#processes[home];
    if (child?.connected === true) child.send(command);
  }
}
