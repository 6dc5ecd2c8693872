import type { ExecutionResult } from 'graphql';
import { TributaryError } from '../../schema/errors.ts';
import { requestIdHeader } from '../../schema/request-id.ts';
import { isData } from './data.ts';
import { subgraphError } from './errors.ts';
import type { Fetcher, Subgraph, SubgraphRequest } from './fetcher.ts';
import type { HttpAnswer } from './http/answer-reader.ts';
import type { Endpoint } from './http/endpoint.ts';
import { openEndpoint } from './http/open-endpoint.ts';
import { InFlight, type Shareable } from './in-flight.ts';
import { isNestedTooDeep, maximumNesting } from './nesting.ts';
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

export interface HttpFetcher extends Required<Fetcher> {
  /** Ends idle connections and rejects what is under way. */
  close(): Promise<void>;
}

/**
 * GraphQL over HTTP to subgraphs, with a pool of connections for each of them. Requests that may be shared and are the
 * same, but for the request's id, get the answer of the one that is under way.
 */
export function createHttpFetcher(options: HttpFetcherOptions = {}): HttpFetcher {
  const settings = {
    timeoutMs: options.timeoutMs ?? 5000,
    maximumResponseBytes: options.maximumResponseBytes ?? 64 * 1024 * 1024,
    connections: options.connections ?? 64,
    maximumWaiting: options.maximumWaiting ?? 4096,
  };
  const endpoints = new Map<string, Endpoint>();
  const inFlight = new InFlight<HttpAnswer>();
  const health = new Health(options.log);
  const endpointOf = (subgraph: Subgraph): Endpoint => {
    const known = endpoints.get(subgraph.url);
    if (known !== undefined) return known;
    const endpoint = openEndpoint(urlOf(subgraph), settings);
    endpoints.set(subgraph.url, endpoint);
    return endpoint;
  };
  /** Makes the request, and of its answer what `read` makes of it. */
  const exchange = async <T>(
    subgraph: Subgraph,
    request: SubgraphRequest,
    signal: AbortSignal,
    read: (answer: HttpAnswer) => T,
  ): Promise<T> => {
    signal.throwIfAborted();
    const endpoint = endpointOf(subgraph);
    const body = bodyOf(request);
    const { name } = subgraph;
    const shared = request.shared === true;
    const start = (): Shareable<HttpAnswer> =>
      endpoint.send({ name, headers: request.headers, body, repeatable: shared });
    const key = shared ? keyOf(subgraph, request.headers, body) : null;
    try {
      const answer = read(await inFlight.share(key, signal, start));
      health.answered(name);
      return answer;
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      const failure = typedError(error, name);
      health.failed(name, failure, request.headers?.[requestIdHeader]);
      throw failure;
    }
  };
  return {
    fetch: (subgraph, request, signal) =>
      exchange(subgraph, request, signal, (answer) => graphqlAnswer(answer, subgraph.name)),
    fetchBytes: (subgraph, request, signal, scan) =>
      exchange(
        subgraph,
        request,
        signal,
        (answer) => scan(answer.bytes) ?? graphqlAnswer(answer, subgraph.name),
      ),
    async close() {
      await Promise.all([...endpoints.values()].map((endpoint) => endpoint.close()));
      endpoints.clear();
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

/** The same to the byte with representations as text and as a variable: the two are shared. */
function bodyOf({ query, variables, operationName, extensions, representations }: SubgraphRequest): string {
  if (representations === undefined) return JSON.stringify({ query, variables, operationName, extensions });
  const others = JSON.stringify(variables).slice(1, -1);
  const rest = JSON.stringify({ operationName, extensions }).slice(1);
  return `{"query":${JSON.stringify(query)},"variables":{${others}${others === '' ? '' : ','}"representations":${representations}}${rest === '}' ? '' : ','}${rest}`;
}

/** What makes two requests the same; the id of the client's request is no part of what is asked. */
function keyOf(subgraph: Subgraph, headers: SubgraphRequest['headers'], body: string): string {
  const { [requestIdHeader]: _, ...others } = headers ?? {};
  return `${subgraph.name}\n${JSON.stringify(others)}\n${body}`;
}

/** An HTTP status tells nothing where the body is GraphQL: errors may come with 4xx and 5xx. */
function graphqlAnswer({ status, bytes }: HttpAnswer, name: string): ExecutionResult {
  if (isNestedTooDeep(bytes)) {
    throw subgraphError(
      'SUBGRAPH_FAILED',
      name,
      `answered with more than ${maximumNesting} objects or lists within each other.`,
    );
  }
  let answer: unknown;
  try {
    answer = JSON.parse(bytes.toString());
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
const typedError = (error: unknown, name: string): TributaryError =>
  error instanceof TributaryError
    ? error
    : subgraphError('SUBGRAPH_UNAVAILABLE', name, 'does not answer.', error);
