import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { View } from '../../../subgraphs/kit/view/view.ts';

/** A process that applies records until it is killed, and what it said. */
export interface Applier {
  readonly pid: number;
  /** Lines so far: `partition next` of each commit. */
  readonly lines: readonly string[];
  /** Resolves when it has said so many lines. */
  said(count: number): Promise<void>;
  kill(): Promise<void>;
  /** Exit code, when it ends by itself. */
  readonly exit: Promise<number | null>;
}

/** In a directory, or a Redis. `limitKb`: the size no file of the process may exceed, as on a full disk. */
export function startApplier(place: string, limitKb?: number): Applier {
  const script = fileURLToPath(new URL('./apply-until-killed.ts', import.meta.url));
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', script, place];
  const limited = ['bash', '-c', `ulimit -f ${limitKb}; exec "$@"`, 'bash', ...node];
  const [command = '', ...parameters] = limitKb === undefined ? node : limited;
  const child: ChildProcess = spawn(command, parameters, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exit = once(child, 'exit').then(([code]) => code as number | null);
  const lines: string[] = [];
  const heard = new Set<() => void>();
  if (child.stdout !== null) {
    createInterface(child.stdout).on('line', (line) => {
      lines.push(line);
      for (const notify of heard) notify();
    });
  }
  return {
    pid: child.pid ?? 0,
    lines,
    exit,
    said: (count) =>
      new Promise((resolve, reject) => {
        const check = () => {
          if (lines.length < count) return;
          heard.delete(check);
          resolve();
        };
        heard.add(check);
        exit.then((code) => reject(new Error(`The applier ended with ${code} after ${lines.length} lines.`)));
        check();
      }),
    async kill() {
      child.kill('SIGKILL');
      await exit;
    },
  };
}

/** What `apply-until-killed.ts` sent below the position, folded by key. */
export async function expectFold(view: View, partition: number): Promise<void> {
  const next = view.position[partition] ?? 0;
  const latest = new Map(Array.from({ length: next }, (_, n) => [n % 37, n]));
  const expected = [...latest.values()].sort((a, b) => a - b);
  const { rows } = await view.scan({ partition, from: 0, limit: 100 });
  expect(rows.map(({ offset }) => offset)).toEqual(expected);
  expect(rows.map(({ row }) => row?.n ?? null)).toEqual(expected.map((n) => (n % 5 === 0 ? null : n)));
}
