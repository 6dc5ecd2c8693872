import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freePort } from '../../local/ports.ts';
import { untilReady } from '../../local/supervisor/index.ts';
import { brokers, createTopic, produce, uniqueTopic } from '../support/kafka.ts';
import { startTributary, tributary } from './run.ts';

let directory: string;
let topic: string;
let port: number;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'subgraph-'));
  topic = uniqueTopic('orders');
  port = await freePort();
  mkdirSync(join(directory, 'orders'));
  writeFileSync(join(directory, 'orders', 'orders.graphql'), sdl());
  writeFileSync(
    join(directory, 'tributary.yaml'),
    `gateway: { port: ${await freePort()} }\nsubgraphs:\n  orders: { dir: orders, port: ${port} }\n`,
  );
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

const sdl = (more = ''): string => `extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
  @link(url: "https://tributary.dev/kafka/v1.0", import: ["@topic", "@view"])

type Order @key(fields: "id") @topic(name: "${topic}", key: "id", cleanup: COMPACT, partitions: 3) {
  id: ID!
  total: Float!
}

type Query {
  order(id: ID!): Order @view
  ${more}
}
`;

const run = (...argv: string[]) =>
  tributary(argv, { cwd: directory, environment: { KAFKA_BROKERS: brokers() } });

describe('subgraph', () => {
  test('runs as a process of its own with resolvers.ts, creates its topics, and ends cleanly on SIGTERM', async () => {
    writeFileSync(join(directory, 'orders', 'orders.graphql'), sdl('greeting: String!'));
    writeFileSync(
      join(directory, 'orders', 'resolvers.ts'),
      "export const resolvers = { Query: { greeting: (): string => 'hello' } };\n",
    );
    const { child, finished } = startTributary(['subgraph', 'orders', '--create-topics'], {
      cwd: directory,
      environment: { KAFKA_BROKERS: brokers() },
    });
    const url = `http://127.0.0.1:${port}/graphql`;
    await untilReady(new URL('/health/ready', url).href, { signal: AbortSignal.timeout(40_000) });
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ greeting order(id: "none") { total } }' }),
    });
    expect(await response.json()).toMatchObject({ data: { greeting: 'hello', order: null } });
    child.kill('SIGTERM');
    const { code, stdout } = await finished;
    expect(code).toBe(0);
    expect(stdout).toContain(`"service":"orders","msg":"subgraph orders listens on ${url}"`);
    const { stdout: checks } = await run('doctor');
    expect(checks).toMatch(new RegExp(`^ok {3}topics of orders +${topic}$`, 'm'));
  });

  test('a topic that differs from the declaration, or is missing, ends the start with both values, exit code 1', async () => {
    const missing = await run('subgraph', 'orders');
    expect(missing.stderr).toContain(
      `Topic ${topic}: @topic of Order declares it, the cluster does not have it.`,
    );
    expect(missing.code).toBe(1);
    await createTopic(topic, { partitions: 2 });
    const different = await run('subgraph', 'orders', '--create-topics');
    expect(different.stderr).toContain('declares 3 partitions, the cluster has 2');
    expect(different.stderr).toContain('declares cleanup COMPACT, the cluster has cleanup.policy=delete');
    expect(different.code).toBe(1);
    const { stdout, code } = await run('doctor');
    expect(stdout).toMatch(/^FAIL topics of orders +Topic .* declares 3 partitions, the cluster has 2/m);
    expect(code).toBe(1);
  });

  test('no broker that answers: one message, exit code 3', async () => {
    const dead = await freePort();
    const { code, stderr } = await run('subgraph', 'orders', '--brokers', `127.0.0.1:${dead}`);
    expect(stderr).toContain(`127.0.0.1:${dead}`);
    expect(stderr).not.toContain('    at ');
    expect(code).toBe(3);
  });

  test('reads what is in Kafka already', async () => {
    await createTopic(topic, { partitions: 3, config: { 'cleanup.policy': 'compact' } });
    await produce(topic, [{ key: '7', value: '{"id":"7","total":12.5}' }]);
    const subgraph = startTributary(
      ['subgraph', join(directory, 'orders'), '--port', '0', '--name', 'shop'],
      {
        cwd: tmpdir(),
        environment: { KAFKA_BROKERS: brokers(), TRIBUTARY_DATA: join(directory, 'data') },
      },
    );
    let url: string | undefined;
    while (url === undefined) {
      url = /subgraph shop listens on (http[^"]+)/.exec(subgraph.output.stdout)?.[1];
      if (url === undefined) await once(subgraph.child.stdout, 'data');
    }
    await untilReady(new URL('/health/ready', url).href, { signal: AbortSignal.timeout(40_000) });
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ order(id: "7") { total } }' }),
    });
    expect(await response.json()).toMatchObject({ data: { order: { total: 12.5 } } });
    subgraph.child.kill('SIGINT');
    expect((await subgraph.finished).code).toBe(0);
  });
});
