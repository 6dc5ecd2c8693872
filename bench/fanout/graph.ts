import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBroker } from '../../local/kafka/index.ts';
import { freePort } from '../../local/ports.ts';
import { startCommand } from '../processes/command.ts';
import { gatewayAt, ownGateway } from '../processes/gateway.ts';
import { type Script, startScript } from '../processes/script.ts';
import type { SubgraphServerMethods } from '../query/subgraph-server.ts';
import { type BenchOptions, profiling } from '../workload.ts';
import type { Pace } from './pace.ts';
import { connectTicks } from './ticks.ts';

/** Ticks from Kafka, and the products that they are about from a subgraph without. */
export interface TickGraph {
  /** Of the gateway. */
  readonly url: string;
  readonly pid: number;
  /** Of the subgraph that the ticks come from. */
  readonly subgraphPid: number;
  readonly products: Script<SubgraphServerMethods>;
  /** Resolves when Kafka has them all. Each event has 300 bytes; `keyOf` gives the key of the event of a number. */
  publish(pace: Pace, keyOf?: (number: number) => string): Promise<void>;
}

const ticksSdl = (topic: string): string => `
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
  @link(url: "https://tributary.dev/kafka/v1.0", import: ["@topic", "@consume", "@record", "Cursor"])

type Tick @topic(name: "${topic}", key: "key", cleanup: DELETE, partitions: 1) {
  id: ID!
  key: ID!
  "Microseconds of the machine's monotonic clock."
  sentAt: String!
  text: String!
  product: Product! @record(field: "product")
}

type Product @key(fields: "upc", resolvable: false) {
  upc: ID!
}

type Subscription {
  ticks(key: ID, from: Cursor): Tick! @consume(replay: "1h")
}
`;

const productsSdl = `
extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
type Query { top(first: Int!): [Product!]! }
type Product @key(fields: "upc") { upc: ID! name: String! price: Int! description: String! }
`;

/** Ports that a gateway which is not ours can be told beforehand. */
const knownPorts = { ticks: 4911, products: 4912 };

/** Starts broker, subgraphs and gateway, each a process of its own. With `url` that gateway is waited for instead. */
export const startTickGraph = async (
  options: BenchOptions,
  stack: AsyncDisposableStack,
  nodeOptions: readonly string[] = [],
): Promise<TickGraph> => {
  const directory = await mkdtemp(join(tmpdir(), 'tributary-bench-'));
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const brokers = options.brokers ?? (await ownBroker(directory, stack));
  const topic = `bench.ticks.${randomBytes(6).toString('hex')}`;
  await mkdir(join(directory, 'ticks'));
  await writeFile(join(directory, 'ticks', 'ticks.graphql'), ticksSdl(topic));
  await writeFile(join(directory, 'products.graphql'), productsSdl);
  const products = stack.use(
    await startScript<SubgraphServerMethods>(new URL('../query/subgraph-server.ts', import.meta.url)),
  );
  const productsPort = await products.call('listen', {
    port: options.url === null ? 0 : knownPorts.products,
  });
  const ports = {
    ticks: options.url === null ? await freePort() : knownPorts.ticks,
    gateway: options.url === null ? await freePort() : 0,
  };
  const configuration = join(directory, 'tributary.yaml');
  await writeFile(
    configuration,
    [
      `data: ${JSON.stringify(join(directory, 'data'))}`,
      `kafka: { brokers: [${JSON.stringify(brokers)}] }`,
      'log: { level: warn }',
      ...(ports.gateway === 0 ? [] : [`gateway: { port: ${ports.gateway} }`]),
      'subgraphs:',
      `  ticks: { dir: ${JSON.stringify(join(directory, 'ticks'))}, port: ${ports.ticks} }`,
      `  products: { url: "http://127.0.0.1:${productsPort}/graphql", schema: ${JSON.stringify(join(directory, 'products.graphql'))} }`,
      '',
    ].join('\n'),
  );
  const subgraph = stack.use(
    await startCommand(
      ['subgraph', join(directory, 'ticks'), '--config', configuration, '--create-topics'],
      `http://127.0.0.1:${ports.ticks}/health/ready`,
      profiling(options, 'subgraph'),
    ),
  );
  const gateway =
    options.url === null
      ? await ownGateway({ configuration, port: ports.gateway }, options, stack, nodeOptions)
      : await gatewayAt(options.url, configuration, options);
  return {
    ...gateway,
    subgraphPid: subgraph.pid,
    products,
    publish: await connectTicks(brokers, topic, stack),
  };
};

const ownBroker = async (directory: string, stack: AsyncDisposableStack): Promise<string> => {
  const broker = await startBroker({ directory: join(directory, 'broker') });
  stack.defer(() => broker.kill());
  return broker.brokers;
};
