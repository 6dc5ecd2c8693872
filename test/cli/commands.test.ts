import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { commands } from '../../cli/manual.ts';
import { freePort } from '../../local/ports.ts';
import { tributary } from './run.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'commands-'));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

const write = (files: Readonly<Record<string, string>>): void => {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(directory, name, '..'), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
};

const ordersSdl = `extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
  @link(url: "https://tributary.dev/kafka/v1.0", import: ["@topic", "@view"])

type Order @key(fields: "id") @topic(name: "shop.orders", key: "id", cleanup: COMPACT, partitions: 3) {
  id: ID!
  total: Float!
}

type Query {
  order(id: ID!): Order @view
}
`;

const configuration = 'subgraphs:\n  orders: { dir: orders, port: 4901 }\n';

test('what has failed ends, whatever is still open', async () => {
  const open = 'data:text/javascript,setInterval(() => undefined, 60_000)';
  const environment = { NODE_OPTIONS: `--import=${encodeURI(open)}` };
  const { code, stderr } = await tributary(['nonsense'], { environment });
  expect(code).toBe(2);
  expect(stderr).toContain('There is no command "nonsense".');
});

describe('help', () => {
  test('of all: commands, environment and exit codes', async () => {
    const { code, stdout } = await tributary(['--help']);
    expect(code).toBe(0);
    for (const { name, summary } of commands)
      expect(stdout).toMatch(new RegExp(`^ {2}${name} +${summary}$`, 'm'));
    expect(stdout).toMatch(/KAFKA_BROKERS +kafka\.brokers/);
    expect(stdout).toMatch(/ {2}3 {2}a tool or a service is missing/);
  });

  test.each(commands.map(({ name }) => name))(
    'of %s: usage, options, examples and exit codes',
    async (name) => {
      const { code, stdout, stderr } = await tributary([name, '--help']);
      expect(stderr).toBe('');
      expect(code).toBe(0);
      expect(stdout).toContain(`Usage: tributary ${name}`);
      for (const part of ['Options:', '--config <file>', 'Examples:', 'Exit codes:'])
        expect(stdout).toContain(part);
      for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(130);
    },
  );

  test('the version', async () => {
    expect(await tributary(['--version'])).toMatchObject({ code: 0, stdout: '0.1.0\n' });
  });
});

describe('wrong use ends with exit code 2, names what is wrong and suggests', () => {
  test.each([
    [['dve'], 'There is no command "dve". Did you mean "dev"?'],
    [['--verbose'], 'There is no option "--verbose".'],
    [['dev', '--prot', '4000'], '"tributary dev" has no option --prot. Did you mean "--port"?'],
    [['dev', '--port'], '--port needs a value: --port <port>'],
    [['dev', '--port', '80000'], '--port is "80000", but must be a port, a whole number from 0 to 65535.'],
    [['dev', '--no-replay=yes'], '--no-replay takes no value, but was given "yes"'],
    [['dev', '--speed', 'fast'], '--speed is "fast", but must be a number'],
    [['subgraph'], '"tributary subgraph" needs <dir>'],
    [['gateway', 'flights'], '"tributary gateway" does not know what to do with "flights"'],
    [['compose', '--config', 'absent.yaml'], 'absent.yaml'],
    [['tail', '{ flights { id } }'], 'tail follows one subscription, but it is a query.'],
    [['tail', 'subscription {'], 'tail follows one subscription, but Syntax Error: '],
    [['tail', 'subscription { a }', '--variables', '[1]'], '--variables must be a JSON object'],
    [
      ['tail', 'subscription { a }', '--url', 'http://x'],
      '--url is "http://x", but must begin with ws:// or wss://.',
    ],
  ])('%j', async (argv, message) => {
    const { code, stdout, stderr } = await tributary(argv);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at ');
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  test('mistakes of the configuration, with lines', async () => {
    write({ 'tributary.yaml': 'gateway:\n  prot: 4000\n' });
    const { code, stderr } = await tributary(['compose'], { cwd: directory });
    expect(stderr).toContain('tributary.yaml:2:3\n  "gateway.prot" is no setting.\n');
    expect(stderr).toContain('Did you mean "port"');
    expect(code).toBe(2);
  });
});

describe('compose', () => {
  test('prints the supergraph of folders, or writes it to a file; nothing runs', async () => {
    write({ 'tributary.yaml': configuration, 'orders/orders.graphql': ordersSdl });
    const printed = await tributary(['compose'], { cwd: directory });
    expect(printed.code).toBe(0);
    expect(printed.stdout).toContain(
      'ORDERS @join__graph(name: "orders", url: "http://127.0.0.1:4901/graphql")',
    );
    const written = await tributary(['compose', '--out', 'supergraph.graphql'], { cwd: directory });
    expect(written).toMatchObject({ code: 0, stdout: '' });
  });

  test('all mistakes of all subgraphs are shown in their lines, exit code 1', async () => {
    write({
      'tributary.yaml': `${configuration}  parts: { dir: parts, port: 4902 }\n`,
      'orders/orders.graphql': ordersSdl.replace('order(id: ID!)', 'order(ident: ID!)'),
      'parts/parts.graphql': ordersSdl.replace('total: Float!', 'total: Flaot!'),
    });
    const { code, stdout, stderr } = await tributary(['compose'], { cwd: directory });
    expect(stderr).toContain('orders/orders.graphql:11:9\n');
    expect(stderr).toContain('11 |   order(ident: ID!): Order @view');
    expect(stderr).toContain('parts/parts.graphql:7:10\n');
    expect(stdout).toBe('');
    expect(code).toBe(1);
  });

  test('without subgraphs it says how to add one', async () => {
    const { code, stderr } = await tributary(['compose'], { cwd: directory });
    expect(stderr).toContain('There is no subgraph to compose. Add one to tributary.yaml:');
    expect(code).toBe(2);
  });

  test('a remote subgraph that does not answer is named, exit code 3', async () => {
    write({ 'tributary.yaml': 'subgraphs: { weather: { url: "http://127.0.0.1:9/graphql" } }' });
    const { code, stderr } = await tributary(['compose'], { cwd: directory });
    expect(stderr).toContain('Subgraph weather at http://127.0.0.1:9/graphql does not tell its SDL');
    expect(code).toBe(3);
  });
});

describe('subgraph', () => {
  test('mistakes in the SDL are told before brokers are looked for, exit code 1', async () => {
    write({ 'orders/orders.graphql': ordersSdl.replace('key: "id"', 'key: "ident"') });
    const { code, stderr } = await tributary(['subgraph', 'orders'], { cwd: directory });
    expect(stderr).toMatch(/^orders\/orders\.graphql:5:\d+\n/);
    expect(stderr).toContain('3 mistakes in the SDL.');
    expect(code).toBe(1);
  });

  test('a folder without SDL, and one that is not there, exit code 2', async () => {
    write({ 'empty/readme.txt': '' });
    const empty = await tributary(['subgraph', 'empty'], { cwd: directory });
    expect(empty.stderr).toContain('has no *.graphql file');
    expect(empty.code).toBe(2);
    const absent = await tributary(['subgraph', 'absent'], { cwd: directory });
    expect(absent.stderr).toContain('cannot be read. Give the folder of a subgraph');
    expect(absent.code).toBe(2);
  });

  test('without a broker it says how to name one, exit code 3', async () => {
    write({ 'orders/orders.graphql': ordersSdl });
    const { code, stderr } = await tributary(['subgraph', 'orders'], { cwd: directory });
    expect(stderr).toContain('No Kafka broker is named. Give --brokers host:port, set KAFKA_BROKERS');
    expect(code).toBe(3);
  });

  test('resolvers that cannot be used are named, exit code 1', async () => {
    write({ 'orders/orders.graphql': ordersSdl, 'orders/resolvers.js': 'export const resolver = {};' });
    const { code, stderr } = await tributary(['subgraph', 'orders'], { cwd: directory });
    expect(stderr).toContain('orders/resolvers.js exports no object "resolvers".');
    expect(code).toBe(1);
  });
});

describe('doctor', () => {
  test('has a line for each check and the cure of each failure, exit code 1', async () => {
    const [ordersPort, gatewayPort] = [await freePort(), await freePort()];
    write({
      'tributary.yaml': `gateway: { port: ${gatewayPort} }\nsubgraphs: { orders: { dir: orders, port: ${ordersPort} } }\n`,
      'orders/orders.graphql': ordersSdl,
    });
    const { code, stdout } = await tributary(['doctor', '--brokers', '127.0.0.1:9'], { cwd: directory });
    expect(stdout).toMatch(/^ok {3}node {15}24\./m);
    expect(stdout).toMatch(/^- {4}java +not needed: the brokers are given$/m);
    expect(stdout).toMatch(
      /^FAIL kafka +127\.0\.0\.1:9 does not answer: .*ECONNREFUSED.*\n +Check the address/m,
    );
    expect(stdout).toMatch(/^FAIL topics of orders .*\n +Look at kafka above\.$/m);
    expect(stdout).toMatch(/^FAIL subgraph orders .*ECONNREFUSED.*\n +Start it: tributary subgraph /m);
    expect(stdout).toMatch(/^FAIL gateway .*\n +Start it: tributary gateway/m);
    expect(code).toBe(1);
  });
});
