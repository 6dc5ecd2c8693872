import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../local/ports.ts';
import { identityOf } from '../../local/supervisor/index.ts';
import { brokers, produce, uniqueTopic } from '../support/kafka.ts';
import { startTributary, tributary } from './run.ts';
import { ask, pidOf, untilAnswer, untilLogged, untilReady } from './workers.ts';

let directory: string;
let topic: string;
let port: number;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'subgraph-workers-'));
  topic = uniqueTopic('orders');
  port = await freePort();
  mkdirSync(join(directory, 'orders'));
  writeFileSync(join(directory, 'orders', 'orders.graphql'), sdl());
  writeFileSync(
    join(directory, 'tributary.yaml'),
    `subgraphs:\n  orders: { dir: orders, port: ${port}, workers: 2 }\n`,
  );
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

const sdl = (): string => `extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
  @link(url: "https://tributary.dev/kafka/v1.0", import: ["@topic", "@view"])

type Order @key(fields: "id") @topic(name: "${topic}", key: "id", cleanup: COMPACT, partitions: 3) {
  id: ID!
  total: Float!
}
type Query { order(id: ID!): Order @view }
`;

const start = async () => {
  const subgraph = startTributary(['subgraph', 'orders', '--create-topics'], {
    cwd: directory,
    environment: { KAFKA_BROKERS: brokers() },
  });
  onTestFinished(() => void subgraph.child.kill('SIGKILL'));
  await untilLogged(subgraph, 'subgraph orders listens on');
  await untilReady(subgraph, [1, 2]);
  return subgraph;
};

const url = (path: string) => `http://127.0.0.1:${port}${path}`;
const totalOf = async (id: string) => {
  const { body } = await ask(url('/graphql'), { query: `{ order(id: "${id}") { total } }` });
  return body.data;
};

describe('subgraph with workers', () => {
  test('S26 each worker has files of its own; the first has those of a subgraph without workers', async () => {
    const subgraph = await start();
    await produce(topic, [{ key: '7', value: '{"id":"7","total":12.5}' }]);
    const views = join('views', 'orders');
    expect(existsSync(join(directory, '.tributary', views))).toBe(true);
    expect(existsSync(join(directory, '.tributary', 'worker-2', views))).toBe(true);
    for (const number of [1, 2]) {
      const { body } = await untilAnswer(url('/health/ready'), ({ body }) => body.worker.number === number);
      expect(body).toMatchObject({ status: 'ready', worker: { number, of: 2, ready: 2 } });
    }
    // Two connections, two workers.
    let rows: readonly unknown[] = [];
    while (JSON.stringify(rows) !== JSON.stringify([{ order: { total: 12.5 } }, { order: { total: 12.5 } }]))
      rows = [await totalOf('7'), await totalOf('7')];
    subgraph.child.kill('SIGTERM');
    expect((await subgraph.finished).code).toBe(0);
  });

  test('S28 kill -9 of a worker: who takes its place gets no request before its views are ready', async () => {
    const subgraph = await start();
    await produce(topic, [{ key: '7', value: '{"id":"7","total":12.5}' }]);
    while (JSON.stringify([await totalOf('7'), await totalOf('7')]).includes('null'));
    process.kill(pidOf(subgraph, 2), 'SIGKILL');
    const ready = untilReady(subgraph, [2], 2).then(() => true);
    for (let isReady = false; !isReady; ) {
      const answer = await ask(url('/graphql'), { query: '{ order(id: "7") { total } }' }).catch(() => null);
      // One may have been on its way to the worker that died.
      if (answer !== null) expect(answer.body).toEqual({ data: { order: { total: 12.5 } } });
      isReady = await Promise.race([ready, Promise.resolve(false)]);
    }
    subgraph.child.kill('SIGTERM');
    expect((await subgraph.finished).code).toBe(0);
  });

  test('kill -9 of the command: started again at once, it has the port and the files of its workers', async () => {
    const subgraph = await start();
    await produce(topic, [{ key: '7', value: '{"id":"7","total":12.5}' }]);
    const pids = [1, 2].map((number) => pidOf(subgraph, number));
    subgraph.child.kill('SIGKILL');
    const again = await start();
    expect(pids.map(identityOf)).toEqual([null, null]);
    while (JSON.stringify([await totalOf('7'), await totalOf('7')]).includes('null'));
    again.child.kill('SIGTERM');
    expect((await again.finished).code).toBe(0);
  });

  test('a worker that cannot be started again is tried for a while; then the command ends, and says why', async () => {
    const subgraph = await start();
    writeFileSync(join(directory, 'orders', 'orders.graphql'), 'type Query { broken: Nothing }');
    // In order it is not even tried.
    subgraph.child.kill('SIGUSR2');
    await untilLogged(subgraph, 'what the workers would be started with is wrong; they go on as they are');
    process.kill(pidOf(subgraph, 1), 'SIGKILL');
    const { code, stdout, stderr } = await subgraph.finished;
    expect(code).toBe(1);
    expect(stdout).toContain('worker 1 ended with exit code 1; another takes its place in 2 s');
    expect(stderr).toContain('Nothing');
    expect(stderr).toMatch(/Worker 1 ended 5 times without ten seconds of service, so the command ends\./);
  });

  test('what is wrong at the start is told once, with the exit code of a subgraph without workers', async () => {
    const dead = await freePort();
    const { code, stderr } = await tributary(['subgraph', 'orders', `--brokers=127.0.0.1:${dead}`], {
      cwd: directory,
    });
    expect(code).toBe(3);
    expect(stderr).toContain(`127.0.0.1:${dead}`);
    expect(stderr.match(/could not start/g)).toHaveLength(1);
  });

  test.each([
    ['subgraphs', 'orders: { dir: orders, port: 4001, workers: 0 }', 'subgraphs.orders.workers is 0'],
    ['subgraphs', 'orders: { url: "http://127.0.0.1:1/graphql", workers: 2 }', 'has workers but no dir'],
    ['gateway', 'workers: 1.5', 'gateway.workers is 1.5, but must be a whole number from 1 to 64.'],
  ])('in %s: "%s" is refused, with the cure', async (section, line, message) => {
    writeFileSync(join(directory, 'tributary.yaml'), `${section}:\n  ${line}\n`);
    const { code, stderr } = await tributary(['subgraph', 'orders'], { cwd: directory });
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/Write for example: workers: 2|Leave workers out/);
    expect(code).toBe(2);
  });

  test('TRIBUTARY_SUBGRAPH_WORKERS goes before the file, --workers before both', async () => {
    const environment = { TRIBUTARY_SUBGRAPH_WORKERS: 'many', KAFKA_BROKERS: brokers() };
    const refused = await tributary(['subgraph', 'orders'], { cwd: directory, environment });
    expect(refused.stderr).toContain('environment variable TRIBUTARY_SUBGRAPH_WORKERS');
    expect(refused.code).toBe(2);
    const alone = startTributary(['subgraph', 'orders', '--create-topics'], {
      cwd: directory,
      environment: { ...environment, TRIBUTARY_SUBGRAPH_WORKERS: '1' },
    });
    await untilLogged(alone, 'subgraph orders listens on');
    expect((await ask(url('/health/ready'))).body.worker).toBeUndefined();
    alone.child.kill('SIGTERM');
    expect((await alone.finished).code).toBe(0);
  });
});
