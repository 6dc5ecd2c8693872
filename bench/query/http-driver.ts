/** Clients that ask over HTTP, in a process of their own. */
import { type Dispatcher, Pool } from 'undici';
import { serveMethods } from '../processes/script.ts';

/** How one client after another asks. */
export interface Load {
  readonly url: string;
  readonly query: string;
  /** `from` takes these values in turn, from 0. */
  readonly variations: number;
  readonly first: number;
  readonly connections: number;
  readonly requests: number;
}

/** Requests a second, and bytes of one answer. */
export interface Loaded {
  readonly requestsPerSecond: number;
  readonly bytes: number;
}

const pools = new Map<string, Pool>();

const poolOf = ({ url, connections }: Load): Pool => {
  const { origin } = new URL(url);
  const known = pools.get(origin);
  if (known !== undefined) return known;
  const pool = new Pool(origin, { connections, pipelining: 1 });
  pools.set(origin, pool);
  return pool;
};

const bodyOf = ({ query, first, variations }: Load, number: number): string =>
  JSON.stringify({ query, variables: { first, from: number % variations } });

const send = (pool: Pool, path: string, body: string): Promise<Buffer> => {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let status = 0;
  const handler: Dispatcher.DispatchHandler = {
    onRequestStart: () => undefined,
    onResponseStart: (_, statusCode) => {
      status = statusCode;
    },
    onResponseData: (_, chunk) => void chunks.push(chunk),
    onResponseEnd: () => {
      const answer = Buffer.concat(chunks);
      // Data comes first, and errors would be told behind it; only some of the text is looked at.
      const begin = answer.toString('latin1', 0, 100);
      if (status === 200 && begin.includes('"data":{') && !begin.includes('"errors"')) resolve(answer);
      else reject(new Error(`HTTP ${status}: ${begin}`));
    },
    onResponseError: (_, error) => reject(error),
  };
  const headers = { 'content-type': 'application/json', accept: 'application/json' };
  pool.dispatch({ path, method: 'POST', headers, body }, handler);
  return promise;
};

const methods = {
  /** One answer, parsed. */
  ask: async (load: Load): Promise<unknown> =>
    JSON.parse((await send(poolOf(load), new URL(load.url).pathname, bodyOf(load, 0))).toString()),
  run: async (load: Load): Promise<Loaded> => {
    const pool = poolOf(load);
    const { pathname } = new URL(load.url);
    const bodies = Array.from({ length: load.variations }, (_, number) => bodyOf(load, number));
    let sent = 0;
    let bytes = 0;
    const client = async (): Promise<void> => {
      while (sent < load.requests) {
        const body = bodies[sent++ % bodies.length] ?? '';
        const { length } = await send(pool, pathname, body);
        bytes += length;
      }
    };
    const began = performance.now();
    await Promise.all(Array.from({ length: load.connections }, client));
    const seconds = (performance.now() - began) / 1000;
    return { requestsPerSecond: load.requests / seconds, bytes: bytes / load.requests };
  },
};

export type HttpDriverMethods = typeof methods;
serveMethods(methods);
