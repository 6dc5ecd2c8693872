import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freePort } from '../../local/ports.ts';
import { untilReady } from '../../local/supervisor/index.ts';
import { RawClient } from '../gateway/support/raw-client.ts';
import { brokers, createTopic, produce, uniqueTopic } from '../support/kafka.ts';
import { startTributary } from './run.ts';

let directory: string;
let topic: string;
let port: number;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'stopping-'));
  topic = uniqueTopic('orders');
  port = await freePort();
  mkdirSync(join(directory, 'orders'));
  writeFileSync(join(directory, 'orders', 'orders.graphql'), sdl());
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

const sdl = (): string => `extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
  @link(url: "https://tributary.dev/kafka/v1.0", import: ["@topic", "@view", "@consume", "@change", "ChangeKind"])

type Order @key(fields: "id") @topic(name: "${topic}", key: "id", cleanup: COMPACT) { id: ID! note: String }
type OrderChange @change(of: "Order") { kind: ChangeKind! key: ID order: Order }
type Query { order(id: ID!): Order @view }
type Subscription { orderChanges: OrderChange! @consume(snapshot: true) }
`;

const query = 'subscription { orderChanges { kind key order { note } } }';

const subscribe = async (url: string, tributary: Record<string, unknown>): Promise<RawClient> => {
  const client = await new RawClient(url.replace('http', 'ws')).initialised();
  client.send({ type: 'subscribe', id: '1', payload: { query, extensions: { tributary } } });
  return client;
};

test('a subgraph stops within 2 s: live clients, a catch-up that nobody reads, silent connections, the signal twice', async () => {
  await createTopic(topic, { partitions: 1, config: { 'cleanup.policy': 'compact' } });
  const note = 'x'.repeat(20_000);
  for (let batch = 0; batch < 25; batch += 1) {
    const ids = Array.from({ length: 40 }, (_, index) => `${batch}-${index}`);
    const records = ids.map((id) => ({ key: id, value: JSON.stringify({ id, note }) }));
    await produce(topic, records);
  }
  const { child, finished } = startTributary(
    ['subgraph', join(directory, 'orders'), '--port', String(port), '--data', join(directory, 'data')],
    { environment: { KAFKA_BROKERS: brokers() } },
  );
  const url = `http://127.0.0.1:${port}/graphql`;
  await untilReady(new URL('/health/ready', url).href, { signal: AbortSignal.timeout(40_000) });
  const live = await Promise.all(Array.from({ length: 50 }, () => subscribe(url, { live: true })));
  const pings = await Promise.all(live.map((client) => client.message(({ type }) => type === 'ping')));
  const [{ payload } = {}] = pings;
  const { cursors } = payload as { readonly cursors: Record<string, string> };
  const [until] = Object.values(cursors);
  const late = await subscribe(url, { until });
  await late.message(({ type }) => type === 'next');
  late.websocket.pause();
  const silent = connect(port, '127.0.0.1').on('error', () => undefined);
  await once(silent, 'connect');
  const began = performance.now();
  child.kill('SIGTERM');
  child.kill('SIGTERM');
  const { code, stderr } = await finished;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(performance.now() - began).toBeLessThan(2_000);
  expect((await live[0]?.close())?.code).toBe(1012);
  late.websocket.terminate();
  silent.destroy();
});
