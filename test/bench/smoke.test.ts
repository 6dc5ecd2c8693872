import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { brokers } from '../support/kafka.ts';

const root = join(import.meta.dirname, '..', '..');
const number = expect.any(Number);

const bench = async (...argv: readonly string[]): Promise<unknown[]> => {
  const { stdout } = await promisify(execFile)(process.execPath, [join(root, 'bench/main.ts'), ...argv]);
  return stdout
    .trim()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
};

test('a tiny run prints a figure a line, with the ratio to each peer', { timeout: 180_000 }, async () => {
  const figures = await bench(
    ...['executor-join', 'fanout-100', '--json', '--runs', '1', '--shrink', '50', '--brokers', brokers()],
  );
  const figure = (workload: string, metric: string, against: string, ratio: unknown = number) => ({
    workload,
    metric,
    value: number,
    spread: [number, number],
    against,
    ratio,
  });
  // Two clients cost less than the 10 ms to which CPU of another process is known.
  const maybe = expect.toSatisfy((ratio) => ratio === null || typeof ratio === 'number');
  expect(figures).toEqual([
    figure('fanout-100', 'cpu_us_per_delivery', 'ws-broadcast', maybe),
    figure('fanout-100', 'cpu_us_per_delivery', 'graphql-ws', maybe),
    figure('executor-join', 'cpu_us_per_request', 'apollo-gateway'),
    figure('executor-join', 'cpu_us_per_request', 'json-parse'),
    figure('executor-join', 'cpu_us_per_request_on_values', 'apollo-gateway'),
    figure('executor-join', 'cpu_us_per_request_on_values', 'json-parse'),
  ]);
});

test('a gateway of two workers is measured as one', { timeout: 180_000 }, async () => {
  const figures = await bench(
    ...['fanout-100', '--workers', '2', '--json', '--runs', '1', '--shrink', '50', '--brokers', brokers()],
  );
  expect(figures).toMatchObject([{ against: 'ws-broadcast' }, { against: 'graphql-ws' }]);
});

test('what is asked wrongly is told, with what would be right', async () => {
  await expect(bench('fanout')).rejects.toThrow(
    'There is no workload "fanout". Workloads: fanout-100, fanout-1000,',
  );
  await expect(bench('--runs', '0')).rejects.toThrow('--runs is "0"; it must be a whole number above 0.');
  await expect(bench('--url', 'nowhere')).rejects.toThrow('--url is "nowhere"; give an address such as');
  await expect(bench('--url', 'http://127.0.0.1:1/graphql', '--workers', '2')).rejects.toThrow(
    '--workers is for',
  );
});
