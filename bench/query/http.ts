import { isDeepStrictEqual } from 'node:util';
import { cpuOf } from '../processes/cpu.ts';
import { type Script, startScript } from '../processes/script.ts';
import { type Sample, shrunk, tributary, type Workload } from '../workload.ts';
import type { PeerMethods } from './apollo-gateway.ts';
import { composeCatalogue } from './catalogue-graph.ts';
import type { HttpDriverMethods, Load } from './http-driver.ts';
import { catalogueGateway } from './http-gateway.ts';
import type { SubgraphServerMethods } from './subgraph-server.ts';

interface Queries {
  readonly name: string;
  readonly about: string;
  readonly query: string;
  readonly first: number;
  readonly variations: number;
  readonly connections: number;
  /** Of Tributary; each peer makes a share of them. */
  readonly requests: number;
}

interface Subject {
  readonly name: string;
  readonly pid: number;
  readonly url: string;
  /** Of the requests that Tributary makes: a slow one would take minutes. */
  readonly share: number;
}

/** For a gateway that is not ours: one and the same does for all of these workloads. */
const knownPort = 4913;

const queries = ({ name, about, requests, ...shape }: Queries): Workload => ({
  name,
  about,
  open: async (options, stack) => {
    const catalogue = stack.use(
      await startScript<SubgraphServerMethods>(new URL('subgraph-server.ts', import.meta.url)),
    );
    const port = await catalogue.call('listen', { port: options.url === null ? 0 : knownPort });
    const at = `http://127.0.0.1:${port}/graphql`;
    const supergraphSdl = composeCatalogue({ products: at, reviews: at, users: at, stock: at });
    const subjects = [
      { name: tributary, share: 1, ...(await catalogueGateway(supergraphSdl, options, stack)) },
      await peer('apollo-gateway', new URL('apollo-gateway.ts', import.meta.url), supergraphSdl, stack),
      await peer('hive-gateway', new URL('../peers/hive-gateway.mjs', import.meta.url), supergraphSdl, stack),
    ];
    const driver = stack.use(
      await startScript<HttpDriverMethods>(new URL('http-driver.ts', import.meta.url)),
    );
    const loadOf = ({ url, share }: Subject): Load => ({
      ...shape,
      url,
      requests: shrunk(requests * share, options, shape.variations),
    });
    await checkAlike(driver, subjects.map(loadOf));
    // All variables once, so that the subgraphs have all answers ready, and each gateway its plan and its code.
    for (const subject of subjects) await driver.call('run', loadOf(subject));
    return async () => {
      const samples: Sample[] = [];
      for (const subject of subjects) samples.push(...(await measure(driver, subject, loadOf(subject))));
      return samples;
    };
  },
});

const measure = async (
  driver: Script<HttpDriverMethods>,
  { name: subject, pid }: Subject,
  load: Load,
): Promise<Sample[]> => {
  const before = cpuOf(pid);
  const { requestsPerSecond } = await driver.call('run', load);
  const cpu = (cpuOf(pid) - before) / load.requests;
  return [
    { metric: 'requests_per_s', subject, value: requestsPerSecond },
    { metric: 'cpu_us_per_request', subject, value: cpu },
  ];
};

/** Gateways that answer differently are not to be compared. */
const checkAlike = async (driver: Script<HttpDriverMethods>, loads: readonly Load[]): Promise<void> => {
  const [first, ...others] = await Promise.all(loads.map((load) => driver.call('ask', load)));
  const odd = others.findIndex((answer) => !isDeepStrictEqual(answer, first));
  if (odd !== -1)
    throw new Error(`${loads[odd + 1]?.url} answers otherwise: ${JSON.stringify(others[odd]).slice(0, 300)}`);
};

const peer = async (
  name: string,
  file: URL,
  supergraphSdl: string,
  stack: AsyncDisposableStack,
): Promise<Subject> => {
  const script = stack.use(await startScript<PeerMethods>(file));
  const port = await script.call('listen', { supergraphSdl });
  return { name, share: 0.15, pid: script.pid, url: `http://127.0.0.1:${port}/graphql` };
};

export const httpQueries: readonly Workload[] = [
  queries({
    name: 'query-one',
    about: 'a query that one subgraph answers, over HTTP',
    query: 'query Some($first: Int!, $from: Int) { top(first: $first, from: $from) { upc name price } }',
    first: 5,
    variations: 500,
    connections: 32,
    requests: 6_000,
  }),
  queries({
    name: 'http-join',
    about: 'a join of 4 fetches with 10 KB, over HTTP',
    query: `query Join($first: Int!, $from: Int) { top(first: $first, from: $from) {
      upc name price description inStock warehouse reviews { id stars text author { id name city } } } }`,
    first: 18,
    variations: 500,
    connections: 32,
    requests: 3_000,
  }),
  queries({
    name: 'http-entities',
    about: 'a join of 1,000 entities with 110 KB, over HTTP',
    query: `query List($first: Int!, $from: Int) { top(first: $first, from: $from) {
      upc name price inStock warehouse } }`,
    first: 1_000,
    variations: 40,
    connections: 8,
    requests: 600,
  }),
];
