import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../local/ports.ts';
import { launchBrowser, needsBrowser } from '../e2e/browser.ts';
import { query, ResumingClient } from '../e2e/clients.ts';
import { brokers, uniqueTopic } from '../support/kafka.ts';
import { type Installation, installPackage, type Served } from './installed.ts';
import { loadPage, requestsOf } from './page.ts';

const root = join(import.meta.dirname, '..', '..');
const installSeconds = 300;

let installation: Installation;

beforeAll(async () => {
  installation = await installPackage({ KAFKA_BROKERS: brokers() });
}, installSeconds * 1_000);

afterAll(() => installation?.remove());

const sdl = (topic: string): string => `
type Order @key(fields: "id") @topic(name: "${topic}", key: "id", cleanup: COMPACT, partitions: 2) {
  id: ID!
  total: Float!
}
type OrderChange @change(of: "Order") { kind: ChangeKind! key: ID order: Order }

type Query { order(id: ID!): Order @view }
type Mutation {
  setOrder(id: ID!, total: Float!): Order! @produce
  doubleOrder(id: ID!): Order!
}
type Subscription { orderChanges(from: Cursor): OrderChange! @consume(snapshot: true) }
`;

/** Types of the package, and a value of it: the error must be the very class that the subgraph masks others by. */
const resolvers = `import { TributaryError } from 'tributary-graph/schema';
import type { Resolvers, SubgraphContext } from 'tributary-graph/subgraph';

const doubleOrder = (_parent: unknown, { id }: { readonly id: string }, context: SubgraphContext) =>
  context.update('Order', id, (order) => {
    if (typeof order.total !== 'number' || order.total > 100)
      throw new TributaryError('CONFLICT', 'Too much already.');
    return { ...order, total: order.total * 2 };
  });

export const resolvers: Resolvers = { Mutation: { doubleOrder } };
`;

/** A listener whose parameters are typed by graphql-ws, through the helper. */
const client = `import { createClient } from 'graphql-ws';
import { resumable } from 'tributary-graph/client';

export const client = createClient(
  resumable({
    url: 'ws://127.0.0.1:4000/graphql',
    on: { connected: (_socket, _payload, again) => console.log(again.valueOf()) },
  }),
);
// @ts-expect-error an address is no number
createClient(resumable({ url: 4000 }));
`;

test('holds JavaScript, types and what they read, and neither sources, reference data nor a Node', async () => {
  const paths = installation.packed.files.map(({ path }) => path);
  const notBuilt = paths.filter((path) => !/^dist\/.*\.js$|^dist\/.*\.d\.ts$|^dist\/console\//.test(path));
  expect(notBuilt.toSorted()).toEqual([
    'LICENSE',
    'NOTICE',
    'README.md',
    'cli/tributary.mjs',
    'dist/docker-compose.yml',
    'dist/local/kafka/pom.xml',
    'local/node24.mjs',
    'local/setup-error.mjs',
    'package.json',
  ]);
  expect(paths).not.toContainEqual(expect.stringMatching(/^dist\/(test|data|subgraphs\/(?!kit\/))/));
  const installed = await installation.run('npm', 'ls', '--all', '--parseable');
  expect(installed).not.toMatch(/node-linux|tributary-node|vitest|typescript|playwright/);
});

test('runs a subgraph and a gateway, which stock clients query and subscribe to', async () => {
  const { folder, packed, run, serve } = installation;
  const [subgraphPort, gatewayPort] = [await freePort(), await freePort()];
  await mkdir(join(folder, 'orders'));
  await writeFile(join(folder, 'orders', 'orders.graphql'), sdl(uniqueTopic('orders')));
  await writeFile(join(folder, 'orders', 'resolvers.ts'), resolvers);
  await writeFile(
    join(folder, 'tributary.yaml'),
    `gateway: { port: ${gatewayPort} }\nsubgraphs:\n  orders: { dir: orders, port: ${subgraphPort} }\n`,
  );
  expect(await run('npx', 'tributary', '--version')).toBe(`${packed.version}\n`);
  await run('npx', 'tributary', 'compose', '--out', 'supergraph.graphql');
  expect(await readFile(join(folder, 'supergraph.graphql'), 'utf8')).toContain('type Order');

  const subgraph = await serve(
    `http://127.0.0.1:${subgraphPort}/health/ready`,
    ...['subgraph', 'orders', '--create-topics'],
  );
  onTestFinished(() => void subgraph.stop());
  const gateway = await serve(`http://127.0.0.1:${gatewayPort}/health/ready`, 'gateway');
  onTestFinished(() => void gateway.stop());

  const url = `http://127.0.0.1:${gatewayPort}/graphql`;
  const client = new ResumingClient(url, 'subscription { orderChanges { kind key order { total } } }');
  onTestFinished(() => client.leave());
  await client.until(() => client.results.some(({ data }) => kindOf(data) === 'UP_TO_DATE'));
  expect(await query(url, 'mutation { setOrder(id: "7", total: 60) { id } }')).not.toHaveProperty('errors');
  expect(await query(url, 'mutation { doubleOrder(id: "7") { total } }')).toMatchObject({
    data: { doubleOrder: { total: 120 } },
  });
  expect(await query(url, 'mutation { doubleOrder(id: "7") { total } }')).toMatchObject({
    errors: [{ message: 'Too much already.', extensions: { code: 'CONFLICT' } }],
  });
  expect(await query(url, '{ order(id: "7") { total } }')).toMatchObject({ data: { order: { total: 120 } } });
  await client.until(() => client.results.some(({ data }) => totalOf(data) === 120));
  expect(await gateway.stop()).toBe(0);
  expect(await subgraph.stop()).toBe(0);
});

test('starts a subgraph and a gateway from code, as the page on deployment has it', async () => {
  const { folder, run } = installation;
  const page = await readFile(join(root, 'docs', 'deployment.md'), 'utf8');
  const [, shown = ''] = /```ts\n([^`]*startGateway[^`]*)```/.exec(page) ?? [];
  const started = shown
    .replace("['127.0.0.1:9092']", JSON.stringify(brokers().split(',')))
    .replace('port: 4001', `port: ${await freePort()}`)
    .replace('port: 4000', `port: ${await freePort()}`);
  const asks = `
const body = JSON.stringify({ query: '{ order(id: "7") { total } }' });
const answer = await fetch(gateway.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
console.log(await answer.text());
await gateway.stop();
await subgraph.stop();
`;
  await mkdir(join(folder, 'embedded', 'orders'), { recursive: true });
  await writeFile(
    join(folder, 'embedded', 'orders', 'orders.graphql'),
    `type Order @key(fields: "id") @topic(name: "${uniqueTopic('embedded')}", key: "id", cleanup: COMPACT) {
  id: ID!
  total: Float!
}
type Query { order(id: ID!): Order @view }
`,
  );
  await writeFile(join(folder, 'embedded', 'server.ts'), started + asks);
  expect(await run('sh', '-c', 'cd embedded && exec node server.ts')).toContain('{"data":{"order":null}}');
});

describe('the pages of its gateway', () => {
  let gateway: Served;
  let url: string;

  beforeAll(async () => {
    const port = await freePort();
    const { folder, serve } = installation;
    const file = `pages-${port}.yaml`;
    await writeFile(join(folder, 'gates.graphql'), 'type Query { gate: Int }\n');
    await writeFile(
      join(folder, file),
      `gateway: { port: ${port} }\nsubgraphs: { gates: { url: http://127.0.0.1:1/graphql, schema: gates.graphql } }\n`,
    );
    gateway = await serve(`http://127.0.0.1:${port}/health/ready`, 'gateway', '--config', file);
    url = `http://127.0.0.1:${port}`;
  });

  afterAll(() => gateway?.stop());

  const files = {
    '/': ['/graphiql/graphiql.js', '/graphiql/graphiql.css', '/console/main.js', '/console/samples.js'],
    '/board': [
      '/board/main.js',
      '/board/board.css',
      '/board/lit-html/lit-html.js',
      '/board/graphql-ws/dist/client.js',
      '/client/index.js',
    ],
  } as const;

  test.each(['/', '/board'] as const)(
    '%s and all that it refers to are served, and nothing is elsewhere',
    async (path) => {
      const { found, missing, elsewhere, policy } = await loadPage(`${url}${path}`);
      expect([missing, elsewhere]).toEqual([[], []]);
      expect(found).toEqual(expect.arrayContaining([...files[path]]));
      // The browser enforces it for whatever a script may ask for.
      expect(policy['default-src']).toEqual(["'none'"]);
      const sources = Object.values(policy)
        .flat()
        .filter((source) => /[.:/*]/.test(source) && !source.startsWith("'sha256-"));
      // What these two name, the page itself holds.
      expect(sources.filter((source) => source !== 'data:' && source !== 'blob:')).toEqual([]);
    },
  );

  test('a browser asks nobody else for them', async (context) => {
    needsBrowser(context);
    const browser = await launchBrowser();
    if (browser === null) return;
    onTestFinished(() => browser.close());
    const last = {
      '/': (page: Page) => page.waitForRequest(/\/graphiql\/editor\.worker\.js$/),
      '/board': (page: Page) => page.waitForEvent('websocket'),
    };
    for (const path of ['/', '/board'] as const) {
      const asked = await requestsOf(browser, `${url}${path}`, last[path]);
      expect(asked).toEqual(expect.arrayContaining(files[path].map((file) => `${url}${file}`)));
      const host = new URL(url).host;
      expect(asked.filter((each) => !each.startsWith('data:') && new URL(each).host !== host)).toEqual([]);
    }
  });
});

test('has types that a strict compiler takes, its dependencies included, and that refuse what is wrong', async () => {
  const { folder, run } = installation;
  await mkdir(join(folder, 'typed', 'node_modules', '@types'), { recursive: true });
  await symlink(
    join(root, 'node_modules', '@types', 'node'),
    join(folder, 'typed', 'node_modules', '@types', 'node'),
  );
  await writeFile(join(folder, 'typed', 'resolvers.ts'), resolvers);
  await writeFile(
    join(folder, 'typed', 'embedded.ts'),
    `import { startGateway } from 'tributary-graph/gateway';
import { type RunningSubgraph, startSubgraph } from 'tributary-graph/subgraph';
export const start = (options: Parameters<typeof startSubgraph>[0]): Promise<RunningSubgraph> => startSubgraph(options);
// @ts-expect-error a port is a number
export const wrong = startGateway({ port: 'four thousand' });
`,
  );
  await writeFile(join(folder, 'typed', 'client.ts'), client);
  const options = {
    strict: true,
    skipLibCheck: false,
    module: 'nodenext',
    target: 'es2024',
    types: ['node'],
  };
  await writeFile(
    join(folder, 'typed', 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { ...options, noEmit: true } }),
  );
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  expect(await run('node', compiler, '--project', 'typed').catch(({ stdout }) => stdout)).toBe('');
  expect(await run('node', join('typed', 'client.ts'))).toBe('');
});

const changeOf = (data: unknown) =>
  (data as { orderChanges?: { kind: string; order: { total: number } | null } } | null | undefined)
    ?.orderChanges;
const kindOf = (data: unknown): string | undefined => changeOf(data)?.kind;
const totalOf = (data: unknown): number | undefined => changeOf(data)?.order?.total;
