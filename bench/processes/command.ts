import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const root = join(import.meta.dirname, '..', '..');
const startMs = 60_000;

/** A process of the product, as its command line starts it. */
export interface Command extends AsyncDisposable {
  readonly pid: number;
}

/** Starts `tributary …` and resolves when `healthUrl` says ready. Rejects with what it printed when it ends before. */
export const startCommand = async (
  argv: readonly string[],
  healthUrl: string,
  nodeOptions: readonly string[] = [],
): Promise<Command> => {
  const options = ['--disable-warning=ExperimentalWarning', ...nodeOptions];
  const child = spawn(process.execPath, [...options, join(root, 'cli/main.ts'), ...argv], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said: string[] = [];
  for (const output of [child.stdout, child.stderr]) {
    output.on('data', (chunk: Buffer) => {
      said.push(chunk.toString());
      if (said.length > 100) said.shift();
    });
  }
  const exited = once(child, 'exit');
  const kill = (): void => void child.kill('SIGKILL');
  process.on('exit', kill);
  const command: Command = {
    pid: child.pid ?? 0,
    async [Symbol.asyncDispose]() {
      process.off('exit', kill);
      child.kill('SIGTERM');
      await exited;
    },
  };
  const deadline = Date.now() + startMs;
  while (!(await answers(healthUrl))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await command[Symbol.asyncDispose]();
      throw new Error(`tributary ${argv.join(' ')} did not become ready:\n${said.join('')}`);
    }
    await delay(100);
  }
  return command;
};

/** True when a URL answers 200 now. */
export const answers = async (url: string): Promise<boolean> => {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
};
