import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { startGateway } from '../../gateway/index.ts';
import { freePort } from '../../local/ports.ts';
import { brokers } from '../support/kafka.ts';

const root = join(import.meta.dirname, '..', '..');

test('another gateway, started over the supergraph that is told, is measured', {
  timeout: 180_000,
}, async () => {
  const port = await freePort();
  const bench = spawn(
    process.execPath,
    [
      join(root, 'bench/main.ts'),
      ...['fanout-100', '--url', `http://127.0.0.1:${port}/graphql`, '--brokers', brokers()],
      ...['--json', '--runs', '1', '--shrink', '50'],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  onTestFinished(() => void bench.kill());
  const exited = once(bench, 'exit');
  const figures: unknown[] = [];
  createInterface(bench.stdout).on('line', (line) => figures.push(JSON.parse(line)));
  const said: string[] = [];
  for await (const line of createInterface(bench.stderr)) {
    said.push(line);
    const supergraph = /^waiting for a gateway at \S+ over (.+)$/.exec(line)?.[1];
    if (supergraph === undefined) continue;
    const supergraphSdl = await readFile(supergraph, 'utf8');
    const gateway = await startGateway({ supergraphSdl, port, log: pino({ level: 'silent' }) });
    onTestFinished(() => gateway.stop());
  }
  expect(await exited, said.join('\n')).toEqual([0, null]);
  expect(figures).toMatchObject([
    { workload: 'fanout-100', metric: 'cpu_us_per_delivery', value: expect.any(Number) },
    { workload: 'fanout-100', metric: 'cpu_us_per_delivery', value: expect.any(Number) },
  ]);
});
