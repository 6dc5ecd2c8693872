import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../local/ports.ts';
import { Printer, startSupervisor, untilReady } from '../../local/supervisor/index.ts';
import { brokers, createTopic, deleteTopic, produce, uniqueTopic } from '../support/kafka.ts';

const sdl = (topic: string): string => `extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
  @link(url: "https://tributary.dev/kafka/v1.0", import: ["@topic", "@view"])

type Order @key(fields: "id") @topic(name: "${topic}", key: "id", cleanup: COMPACT, partitions: 1) {
  id: ID!
  total: Float!
}

type Query {
  order(id: ID!): Order @view
}
`;

const order = (id: string, total: number) => ({ key: id, value: JSON.stringify({ id, total }) });
const config = { 'cleanup.policy': 'compact' };

test('S11 a topic that is made again ends the process, and started again as "tributary dev" does it serves the new one', {
  timeout: 120_000,
}, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'recreated-'));
  const topic = uniqueTopic('orders');
  const port = await freePort();
  mkdirSync(join(directory, 'orders'));
  writeFileSync(join(directory, 'orders', 'orders.graphql'), sdl(topic));
  await createTopic(topic, { partitions: 1, config });
  await produce(topic, [order('old', 1), order('both', 2)]);

  const output = new PassThrough().setEncoding('utf8');
  let lines = '';
  output.on('data', (text: string) => {
    lines += text;
  });
  const supervisor = await startSupervisor({
    file: join(directory, 'dev.json'),
    printer: new Printer(output, { colour: false }),
  });
  onTestFinished(async () => {
    await supervisor.stop();
    supervisor.release();
    rmSync(directory, { recursive: true, force: true });
  });
  const cli = join(import.meta.dirname, '..', '..', 'cli', 'main.ts');
  const service = supervisor.start({
    name: 'orders',
    directory,
    command: [
      process.execPath,
      cli,
      'subgraph',
      'orders',
      `--port=${port}`,
      `--brokers=${brokers()}`,
      `--data=${join(directory, 'data')}`,
      '--create-topics',
    ],
  });
  const url = `http://127.0.0.1:${port}/graphql`;
  const ready = () => untilReady(new URL('/health/ready', url).href, { signal: AbortSignal.timeout(60_000) });
  const orders = async () => {
    const query = '{ old: order(id: "old") { total } both: order(id: "both") { total } }';
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    }).catch(() => null);
    return ((await response?.json()) as { readonly data?: unknown } | undefined)?.data;
  };
  await ready();
  expect(await orders()).toEqual({ old: { total: 1 }, both: { total: 2 } });
  const first = service.identity?.pid;

  await deleteTopic(topic);
  await expect
    .poll(() => service.state === 'STARTED' && service.identity?.pid !== first, { timeout: 60_000 })
    .toBe(true);
  await ready();
  await produce(topic, [order('both', 3)]);
  await expect.poll(orders, { timeout: 30_000 }).toEqual({ old: null, both: { total: 3 } });
  expect(lines).toContain('was deleted');
  expect(lines.match(/starts again in/g)).toHaveLength(1);
});
