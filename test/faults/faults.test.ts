import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { findRedis, redisMissing } from '../support/redis-server.ts';

const root = join(import.meta.dirname, '..', '..');

const quiet = ['--disable-warning=ExperimentalWarning', '--disable-warning=TimeoutNegativeWarning'];

/** TRIBUTARY_FAULTS_SEED repeats a run; without it each has a seed of its own, which it prints. */
const seed = process.env.TRIBUTARY_FAULTS_SEED ?? String(Math.floor(Math.random() * 1e9));

test('S1 the short fault run: each kind of fault once, nothing lost, nothing twice', async (context) => {
  if ((await findRedis()) === null) context.skip(redisMissing);
  // As npm run test:faults starts it: what vitest gives Node is not for the processes of the product.
  const parameters = ['test/faults/main.ts', '--short', '--seed', seed];
  const child = spawn(process.execPath, [...quiet, ...parameters], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // Ends everything that it started.
  onTestFinished(() => void child.kill('SIGTERM'));
  const lines: string[] = [];
  for (const output of [child.stdout, child.stderr]) {
    createInterface({ input: output }).on('line', (line) => lines.push(line));
  }
  const [code] = (await once(child, 'close')) as [number | null];
  const text = lines.join('\n');
  console.log(text);
  expect(code, `seed ${seed}:\n${text}`).toBe(0);
  expect(text).toContain('Nothing lost, nothing twice.');
}, 300_000);
