import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');

test('a run that is ended by a signal leaves no process behind, its broker neither', {
  timeout: 180_000,
}, async () => {
  const parameters = ['bench/main.ts', 'fanout-100', '--runs', '50'];
  const child = spawn(process.execPath, parameters, { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(child, 'exit');
  const said: string[] = [];
  for await (const line of createInterface(child.stderr)) {
    said.push(line);
    if (!line.startsWith('fanout-100: run 1 of')) continue;
    const started = await childrenOf(child.pid);
    expect(started.length).toBeGreaterThan(2);
    child.kill('SIGTERM');
    expect(await ended).toEqual([1, null]);
    expect(started.filter(isAlive)).toEqual([]);
  }
  expect(said).toContain('The bench was ended by SIGTERM.');
});

const childrenOf = async (pid: number | undefined): Promise<readonly number[]> => {
  const { stdout } = await promisify(execFile)('pgrep', ['-P', String(pid)]);
  return stdout.trim().split('\n').map(Number);
};

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
