import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../local/ports.ts';
import { identityOf } from '../../local/supervisor/index.ts';
import { ResumingClient, tributaryOf } from '../e2e/clients.ts';
import { RawClient } from '../gateway/support/raw-client.ts';
import { eventually } from '../gateway/support/signal.ts';
import { brokers, createTopic, produce, uniqueTopic } from '../support/kafka.ts';
import { startTributary, tributary } from './run.ts';
import { ask, pidOf, untilAnswer, untilLogged, untilReady } from './workers.ts';

let directory: string;
let topic: string;
let gatewayPort: number;
let subgraphPort: number;
let url: string;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'workers-'));
  topic = uniqueTopic('pings');
  gatewayPort = await freePort();
  subgraphPort = await freePort();
  url = `http://127.0.0.1:${gatewayPort}/graphql`;
  mkdirSync(join(directory, 'pings'));
  writeFileSync(join(directory, 'pings', 'pings.graphql'), sdl());
  writeFileSync(
    join(directory, 'pings', 'resolvers.ts'),
    'export const resolvers = { Query: { idle: (): null => null } };\n',
  );
  configure();
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

const sdl = (more = ''): string => `extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
  @link(url: "https://tributary.dev/kafka/v1.0", import: ["@topic", "@consume"])

type Ping @topic(name: "${topic}", cleanup: DELETE, partitions: 1) { number: Int! }
type Query { idle: Int ${more} }
type Subscription { pings: Ping! @consume }
`;

const configure = (limits = '{}'): void =>
  writeFileSync(
    join(directory, 'tributary.yaml'),
    `gateway: { port: ${gatewayPort}, workers: 2, pollMs: 100, limits: ${limits} }\n` +
      `subgraphs:\n  pings: { dir: pings, port: ${subgraphPort} }\n`,
  );

const startGateway = async (...more: readonly string[]) => {
  const gateway = startTributary(['gateway', ...more], { cwd: directory });
  onTestFinished(() => void gateway.child.kill('SIGKILL'));
  await untilLogged(gateway, 'gateway listens on');
  await untilReady(gateway, [1, 2]);
  return gateway;
};

/** With its topic. */
const startSubgraph = async (): Promise<void> => {
  await createTopic(topic);
  const environment = { KAFKA_BROKERS: brokers() };
  const subgraph = startTributary(['subgraph', 'pings'], { cwd: directory, environment });
  onTestFinished(() => void subgraph.child.kill('SIGKILL'));
  await untilLogged(subgraph, 'listens on');
};

const write = (from: number, count: number) =>
  produce(
    topic,
    Array.from({ length: count }, (_, index) => ({ value: JSON.stringify({ number: from + index }) })),
  );

const subscribe = async (count: number): Promise<readonly ResumingClient[]> => {
  const clients = Array.from(
    { length: count },
    () => new ResumingClient(url, 'subscription { pings { number } }'),
  );
  onTestFinished(async () => {
    await Promise.all(clients.map((client) => client.dispose()));
  });
  await Promise.all(clients.map(({ started }) => started));
  return clients;
};

const offsetsOf = ({ results }: ResumingClient) => results.map((result) => tributaryOf(result).at?.[1]);
const upTo = (count: number) => Array.from({ length: count }, (_, offset) => offset);
const health = () => `http://127.0.0.1:${gatewayPort}/health/ready`;

describe('gateway --workers', () => {
  test('two processes share the port, take turns, say who they are, and serve a new supergraph both', async () => {
    const gateway = await startGateway();
    const answers = [await ask(health()), await ask(health())];
    expect(answers.map(({ body }) => body.worker.number).toSorted()).toEqual([1, 2]);
    for (const { status, body } of answers) {
      expect(status).toBe(200);
      expect(body).toMatchObject({ status: 'ready', worker: { of: 2, ready: 2, started: true } });
    }
    writeFileSync(join(directory, 'pings', 'pings.graphql'), sdl('fresh: Int'));
    await untilLogged(gateway, 'a new supergraph is served', 2);
    expect(gateway.output.stdout).toMatch(/"worker":1,.*a new supergraph is served/);
    expect(gateway.output.stdout).toMatch(/"worker":2,.*a new supergraph is served/);
    for (const _ of [1, 2]) {
      const query = { query: '{ __type(name: "Query") { fields { name } } }' };
      expect(JSON.stringify((await ask(url, query)).body.data)).toContain('fresh');
    }
  });

  test('S1 kill -9 of a worker: its clients go on by their cursors, the others notice nothing, another takes its place', async () => {
    await startSubgraph();
    const gateway = await startGateway();
    const clients = await subscribe(10);
    await write(0, 50);
    await Promise.all(clients.map((client) => client.until(() => client.results.length >= 50)));
    const killed = pidOf(gateway, 2);
    process.kill(killed, 'SIGKILL');
    await write(50, 50);
    await untilReady(gateway, [2], 2);
    await write(100, 50);
    await Promise.all(clients.map((client) => client.until(() => client.results.length >= 150)));
    // Its clients came back, once; those of the other kept their connections.
    expect(new Set(clients.map(({ connections }) => connections))).toEqual(new Set([1, 2]));
    for (const client of clients) expect(offsetsOf(client)).toEqual(upTo(150));
    expect(gateway.output.stdout).toContain('worker 2 was ended by SIGKILL; another takes its place');
    expect(pidOf(gateway, 2)).not.toBe(killed);
    const served = await untilAnswer(health(), ({ body }) => body.worker.number === 2);
    expect(served).toMatchObject({ status: 200, body: { worker: { of: 2, ready: 2 } } });
  });

  test('S21 a worker with more clients than its share tells some to come again, with 1012', async () => {
    const gateway = await startGateway();
    // It takes one more, and that waits.
    process.kill(pidOf(gateway, 2), 'SIGSTOP');
    const clients = Array.from({ length: 150 }, () => new RawClient(url.replace('http', 'ws')));
    let open = 0;
    for (const client of clients) void client.initialised().then(() => (open += 1));
    await eventually(() => open === 149);
    process.kill(pidOf(gateway, 2), 'SIGCONT');
    await untilLogged(gateway, 'clients, more than its share');
    const told = Number(
      gateway.output.stdout.match(/than its share, and tells up to (\d+) to connect again/)?.[1],
    );
    expect(told).toBeGreaterThan(60);
    const closed = () => clients.filter((client) => client.closed !== null);
    await eventually(() => closed().length === told);
    for (const client of closed()) expect(client.closed?.code).toBe(1012);
    for (const client of clients) client.websocket.terminate();
  });

  test('S1 SIGUSR2 starts the workers again one after the other, with the settings as they are, and no client loses anything', async () => {
    await startSubgraph();
    const gateway = await startGateway();
    const clients = await subscribe(6);
    const before = [1, 2].map((number) => pidOf(gateway, number));
    writeFileSync(join(directory, 'tributary.yaml'), 'gateway: { port: none }');
    gateway.child.kill('SIGUSR2');
    await untilLogged(gateway, 'what the workers would be started with is wrong; they go on as they are');
    configure('{ operationsPerSocket: 1 }');
    gateway.child.kill('SIGUSR2');
    await write(0, 50);
    await untilLogged(gateway, 'worker 1 was started again');
    await write(50, 50);
    await untilLogged(gateway, 'worker 2 was started again');
    await write(100, 50);
    await Promise.all(clients.map((client) => client.until(() => client.results.length >= 150)));
    for (const client of clients) expect(offsetsOf(client)).toEqual(upTo(150));
    for (const number of [1, 2]) expect(before).not.toContain(pidOf(gateway, number));
    const second = await new RawClient(url.replace('http', 'ws')).initialised();
    for (const id of ['1', '2'])
      second.send({ type: 'subscribe', id, payload: { query: 'subscription { pings { number } }' } });
    const refused = await second.message(({ type }) => type === 'error');
    expect(JSON.stringify(refused)).toContain('TOO_MANY_OPERATIONS');
    second.websocket.terminate();
  });

  test('SIGTERM to one worker: it ends in order, and another takes its place', async () => {
    const gateway = await startGateway();
    const client = await new RawClient(url.replace('http', 'ws')).initialised();
    const other = await new RawClient(url.replace('http', 'ws')).initialised();
    process.kill(pidOf(gateway, 1), 'SIGTERM');
    await untilLogged(gateway, 'worker 1 ended as it was told; another takes its place');
    await untilReady(gateway, [1], 2);
    const [closed, open] = client.closed === null ? [other, client] : [client, other];
    expect((await closed.close()).code).toBe(1012);
    expect(open.closed).toBeNull();
    open.websocket.terminate();
  });

  test('S21 SIGTERM ends all: clients of every worker are closed with 1012, and nothing is left', async () => {
    const gateway = await startGateway();
    const clients = await Promise.all(
      Array.from({ length: 6 }, () => new RawClient(url.replace('http', 'ws')).initialised()),
    );
    const pids = [1, 2].map((number) => pidOf(gateway, number));
    gateway.child.kill('SIGTERM');
    const { code, stdout } = await gateway.finished;
    expect(code).toBe(0);
    for (const client of clients) expect((await client.close()).code).toBe(1012);
    expect(stdout).not.toContain('takes its place');
    expect(pids.map(identityOf)).toEqual([null, null]);
    await expect(ask(health())).rejects.toThrow();
  });

  test('a worker that hangs is killed within the deadline, and said', async () => {
    configure('{ drainMs: 100 }');
    const gateway = await startGateway();
    const hanging = pidOf(gateway, 2);
    process.kill(hanging, 'SIGSTOP');
    gateway.child.kill('SIGTERM');
    const { code, stdout } = await gateway.finished;
    expect(code).toBe(0);
    expect(stdout).toContain('worker 2 did not end within 6.6 s and is killed');
    expect(identityOf(hanging)).toBeNull();
  });

  test('kill -9 of the command leaves no worker', async () => {
    const gateway = await startGateway();
    const pids = [1, 2].map((number) => pidOf(gateway, number));
    gateway.child.kill('SIGKILL');
    // The pipe ends when nobody holds it any more: the workers are on their way out, files first.
    await gateway.finished;
    await eventually(() => pids.every((pid) => identityOf(pid) === null));
  });

  test('port 0 is the same free one for all, also for a worker that takes the place of another', async () => {
    const gateway = await startGateway('--port=0');
    process.kill(pidOf(gateway, 1), 'SIGKILL');
    await untilReady(gateway, [1], 2);
    const [, port] = gateway.output.stdout.match(/listens on http:\/\/127\.0\.0\.1:(\d+)/) ?? [];
    for (const number of [1, 2]) {
      const at = `http://127.0.0.1:${port}/health/ready`;
      await untilAnswer(at, ({ body }) => body.worker.number === number);
    }
  });

  test('SIGUSR2 to a gateway without workers is answered in the log, and ends nothing', async () => {
    const gateway = startTributary(['gateway', '--workers=1'], { cwd: directory });
    onTestFinished(() => void gateway.child.kill('SIGKILL'));
    await untilLogged(gateway, 'gateway listens on');
    gateway.child.kill('SIGUSR2');
    await untilLogged(gateway, 'SIGUSR2 starts workers again, and this command has none');
    expect((await ask(health())).status).toBe(200);
  });

  test('a port in use is told once, with its owner and the cure', async () => {
    const server = createServer().listen(gatewayPort, '127.0.0.1');
    onTestFinished(() => void server.close());
    const { code, stderr } = await tributary(['gateway'], { cwd: directory });
    expect(code).toBe(1);
    expect(stderr.split(`Port ${gatewayPort} is in use by process ${process.pid} (`)).toHaveLength(2);
    expect(stderr).toContain('Worker 1 could not start, so the command ends; the lines before say why.');
  });

  test.each(['0', '-2', '1.5', 'all', '65'])('--workers %s is refused, with the cure', async (given) => {
    const { code, stderr } = await tributary(['gateway', `--workers=${given}`], { cwd: directory });
    expect(stderr).toBe(
      `--workers is "${given}", but must be a whole number from 1 to 64. Write for example: --workers 2\n`,
    );
    expect(code).toBe(2);
  });
});
