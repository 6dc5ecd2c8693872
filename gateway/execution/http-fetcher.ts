import type { ExecutionResult } from 'graphql';
import { type Dispatcher, Pool } from 'undici';
import { TributaryError } from '../../schema/errors.ts';
import { requestIdHeader } from '../../schema/request-id.ts';
import { isData } from './data.ts';
import { subgraphError } from './errors.ts';
import type { Fetcher, Subgraph, SubgraphRequest } from './fetcher.ts';
import type { Log } from './run.ts';

export interface HttpFetcherOptions {
  /** Milliseconds from the request to the last byte of the answer; then SUBGRAPH_TIMEOUT. Default 5,000. */
  readonly timeoutMs?: number;
  /** Bytes of one answer; more is refused with SUBGRAPH_FAILED. Default 64 MiB. */
  readonly maximumResponseBytes?: number;
  /** Connections kept alive to each subgraph. Default 64. */
  readonly connections?: number;
  /** Requests that may wait for a connection to one subgraph; more are refused with SUBGRAPH_UNAVAILABLE. Default 4,096. */
  readonly maximumWaiting?: number;
  /** Told when a subgraph stops to answer, with the cause, and when it is back; pino fits. */
  readonly log?: Log;
}

export interface HttpFetcher extends Fetcher {
  /** Ends idle connections and rejects what is under way. */
  close(): Promise<void>;
}

/** GraphQL over HTTP to subgraphs, with a pool of connections for each of them. */
export function createHttpFetcher(options: HttpFetcherOptions = {}): HttpFetcher {
  const settings = {
    timeoutMs: options.timeoutMs ?? 5000,
    maximumResponseBytes: options.maximumResponseBytes ?? 64 * 1024 * 1024,
    connections: options.connections ?? 64,
    maximumWaiting: options.maximumWaiting ?? 4096,
  };
  const pools = new Map<string, Pool>();
  const health = new Health(options.log);
  const poolOf = (origin: string): Pool => {
    const known = pools.get(origin);
    if (known !== undefined) return known;
    const pool = new Pool(origin, {
      connections: settings.connections,
      pipelining: 1,
      connectTimeout: settings.timeoutMs,
      headersTimeout: settings.timeoutMs,
      bodyTimeout: settings.timeoutMs,
    });
    pools.set(origin, pool);
    return pool;
  };
  return {
    async fetch(subgraph, request, signal) {
      signal.throwIfAborted();
      const { origin, pathname, search } = urlOf(subgraph);
      const pool = poolOf(origin);
      if (pool.stats.queued >= settings.maximumWaiting) {
        throw subgraphError('SUBGRAPH_UNAVAILABLE', subgraph.name, 'has too many requests waiting for it.');
      }
      try {
        const answer = await fetchFrom(pool, pathname + search, subgraph.name, request, signal, settings);
        health.answered(subgraph.name);
        return answer;
      } catch (error) {
        if (!signal.aborted) health.failed(subgraph.name, error, request.headers?.[requestIdHeader]);
        throw error;
      }
    },
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.destroy()));
      pools.clear();
    },
  };
}

/** Logs when a subgraph begins to fail and when it is back: not each of a thousand failed requests. */
class Health {
  readonly #failing = new Set<string>();
  readonly #log: Log | undefined;

  constructor(log: Log | undefined) {
    this.#log = log;
  }

  answered(subgraph: string): void {
    if (this.#failing.delete(subgraph)) this.#log?.warn({ subgraph }, 'the subgraph answers again');
  }

  failed(subgraph: string, error: unknown, requestId: string | undefined): void {
    if (this.#failing.has(subgraph)) return;
    this.#failing.add(subgraph);
    this.#log?.warn({ subgraph, err: error, requestId }, 'the subgraph does not answer');
  }
}

function urlOf(subgraph: Subgraph): URL {
  try {
    return new URL(subgraph.url);
  } catch (cause) {
    throw subgraphError('SUBGRAPH_UNAVAILABLE', subgraph.name, 'has no usable URL in the supergraph.', cause);
  }
}

interface FetchSettings {
  readonly timeoutMs: number;
  readonly maximumResponseBytes: number;
}

async function fetchFrom(
  pool: Pool,
  path: string,
  name: string,
  request: SubgraphRequest,
  signal: AbortSignal,
  { timeoutMs, maximumResponseBytes }: FetchSettings,
): Promise<ExecutionResult> {
  const deadline = new AbortController();
  const late = subgraphError('SUBGRAPH_TIMEOUT', name, `did not answer within ${timeoutMs} ms.`);
  const timer = setTimeout(() => deadline.abort(late), timeoutMs);
  const onAbort = (): void => deadline.abort(signal.reason);
  signal.addEventListener('abort', onAbort);
  try {
    const response = await pool.request({
      path,
      method: 'POST',
      headers: { ...request.headers, ...ownHeaders },
      body: bodyOf(request),
      signal: deadline.signal,
    });
    const text = await readText(response, name, maximumResponseBytes);
    return graphqlAnswer(text, response.statusCode, name);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw typedError(error, name, deadline.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

const ownHeaders = {
  'content-type': 'application/json',
  accept: 'application/graphql-response+json, application/json;q=0.9',
};

const bodyOf = ({ query, variables, operationName, extensions }: SubgraphRequest): string =>
  JSON.stringify({ query, variables, operationName, extensions });

async function readText(
  { body }: Dispatcher.ResponseData,
  name: string,
  maximumBytes: number,
): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > maximumBytes) {
      throw subgraphError('SUBGRAPH_FAILED', name, `answered with more than ${maximumBytes} bytes.`);
    }
  }
  return Buffer.concat(chunks, bytes).toString('utf8');
}

/** An HTTP status tells nothing where the body is GraphQL: errors may come with 4xx and 5xx. */
function graphqlAnswer(text: string, status: number, name: string): ExecutionResult {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch (cause) {
    throw subgraphError('SUBGRAPH_FAILED', name, `answered with HTTP ${status} and no JSON.`, cause);
  }
  const isGraphql =
    isData(answer) && ('data' in answer || (Array.isArray(answer.errors) && answer.errors.length > 0));
  if (!isGraphql)
    throw subgraphError('SUBGRAPH_FAILED', name, `answered with HTTP ${status} and no GraphQL.`);
  return answer as ExecutionResult;
}

/** The cause stays for the log; the message has no host, port or stack. */
function typedError(error: unknown, name: string, deadline: AbortSignal): TributaryError {
  if (error instanceof TributaryError) return error;
  if (deadline.aborted && deadline.reason instanceof TributaryError) return deadline.reason;
  return subgraphError('SUBGRAPH_UNAVAILABLE', name, 'does not answer.', error);
}
