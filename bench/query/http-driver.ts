/** Clients that ask over HTTP, in a process of their own. */
import type { HttpAnswer } from '../../gateway/execution/http/answer-reader.ts';
import type { Endpoint } from '../../gateway/execution/http/endpoint.ts';
import { openEndpoint } from '../../gateway/execution/http/open-endpoint.ts';
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

/** The gateway's own way of asking: what the driver needs of the machine, a gateway on two cores does not get. */
const open = ({ url, connections }: Load): Endpoint =>
  openEndpoint(new URL(url), {
    timeoutMs: 60_000,
    maximumResponseBytes: 64 * 1024 * 1024,
    connections,
    maximumWaiting: 0,
  });

const bodyOf = ({ query, first, variations }: Load, number: number): string =>
  JSON.stringify({ query, variables: { first, from: number % variations } });

const send = async (endpoint: Endpoint, body: string): Promise<HttpAnswer> => {
  const request = { name: 'gateway', headers: undefined, body, repeatable: false };
  const answer = await endpoint.send(request).answer;
  // Data comes first, and errors would be told behind it; only some of the text is looked at.
  const begin = answer.bytes.toString('latin1', 0, 100);
  if (answer.status === 200 && begin.includes('"data":{') && !begin.includes('"errors"')) return answer;
  throw new Error(`HTTP ${answer.status}: ${begin}`);
};

const methods = {
  /** One answer, parsed. */
  ask: async (load: Load): Promise<unknown> => {
    const endpoint = open(load);
    const { bytes } = await send(endpoint, bodyOf(load, 0));
    await endpoint.close();
    return JSON.parse(bytes.toString());
  },
  run: async (load: Load): Promise<Loaded> => {
    const endpoint = open(load);
    const bodies = Array.from({ length: load.variations }, (_, number) => bodyOf(load, number));
    let sent = 0;
    let bytes = 0;
    const client = async (): Promise<void> => {
      while (sent < load.requests) {
        const body = bodies[sent++ % bodies.length] ?? '';
        const answer = await send(endpoint, body);
        bytes += answer.bytes.length;
      }
    };
    const began = performance.now();
    await Promise.all(Array.from({ length: load.connections }, client));
    const seconds = (performance.now() - began) / 1000;
    await endpoint.close();
    return { requestsPerSecond: load.requests / seconds, bytes: bytes / load.requests };
  },
};

export type HttpDriverMethods = typeof methods;
serveMethods(methods);
