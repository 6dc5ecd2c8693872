import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import type { ErrorLog } from './errors.ts';
import type { Fetcher, Subgraph } from './execution/fetcher.ts';
import { createHttpFetcher } from './execution/http-fetcher.ts';
import { createGeneration, createGenerationInSteps, type Generation } from './generation/generation.ts';
import { Generations } from './generation/generations.ts';
import { createHttp } from './http.ts';
import { type GatewayLimits, readLimits } from './limits.ts';
import type { Page } from './pages.ts';
import { Connections } from './policies/connections.ts';
import { checkOrigin } from './policies/origin.ts';
import { currentRequest } from './request-scope.ts';
import { type SubscriptionCounters, Subscriptions } from './subscriptions/index.ts';
import { Documents } from './transports/documents.ts';
import { HttpStreams } from './transports/http/streams.ts';
import type { TransportContext } from './transports/operation.ts';
import { WebSockets } from './transports/websocket/server.ts';
import type { UsageSink } from './usage/sink.ts';
import { openUsage } from './usage/usage.ts';

export interface GatewayOptions {
  readonly supergraphSdl: string;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 4000; 0 takes a free one. */
  readonly port?: number;
  /** Origins of web pages that may use the gateway, besides those on loopback. */
  readonly origins?: readonly string[];
  /** Names under which it may be addressed, besides those of loopback. */
  readonly hosts?: readonly string[];
  readonly limits?: Partial<GatewayLimits>;
  /** Compress SSE and multipart streams for clients that accept gzip. Costs memory and time a client. Default false. */
  readonly compression?: boolean;
  /** What browsers find at paths besides /graphql, such as `/`. */
  readonly pages?: ReadonlyMap<string, Page>;
  /**
   * Where it is written which operations clients use (docs/reference/usage.md): a file, by its absolute path, and sinks,
   * which are not closed with the gateway. Default: nowhere.
   */
  readonly usage?: { readonly file?: string | null; readonly sinks?: readonly UsageSink[] };
  /** This process among those that share the port, for /health/ready, which is not ready before all have started. */
  readonly worker?: () => { readonly number: number; readonly of: number; readonly started: boolean };
  readonly log: Logger;
}

export interface RunningGateway {
  /** Of GraphQL over HTTP; websockets and streams are at the same path. */
  readonly url: string;
  readonly port: number;
  /** Of the requests that begin now. */
  readonly generation: Generation;
  readonly counters: SubscriptionCounters;
  /** Websockets that are open. */
  readonly sockets: number;
  /**
   * Closes up to so many websockets with 1012, spread over the limit `drainMs`: for a process among others on a port, which
   * have fewer. Of those whose clients lose nothing by it, since they came by a cursor or ask nothing, the ones that came last.
   */
  shed(count: number): void;
  /**
   * Serves another supergraph: requests that begin from then on are of its generation, running ones end in theirs, live
   * subscriptions move one by one (S19). Resolves as soon as it serves; rejects with SCHEMA_INVALID, and the old one stays.
   */
  update(supergraphSdl: string): Promise<Generation>;
  /**
   * Stops listening, then closes websockets with 1012 and ends streams, spread over the limit `drainMs`, then lets running
   * requests end for up to 5 s.
   */
  stop(): Promise<void>;
}

/** Milliseconds for a subgraph to answer the readiness probe, and for which its answer holds. */
const probeMs = 1_000;
const probeHoldsMs = 2_000;

/**
 * Starts a gateway over a supergraph. Rejects with SCHEMA_INVALID for what is none, CONFIGURATION_INVALID for limits that
 * cannot be and for a file of usage that cannot be written, and an error with the code EADDRINUSE when something else
 * listens on the port.
 */
export const startGateway = async (options: GatewayOptions): Promise<RunningGateway> => {
  const limits = readLimits(options.limits);
  const policy = { origins: options.origins ?? [], hosts: options.hosts ?? [] };
  const { supergraphSdl, log } = options;
  const { compiledBytes, planOptions } = limits;
  const ofGeneration = { compiledBytes, planOptions };
  const fetcher = createHttpFetcher({ log });
  const first = createGeneration({ supergraphSdl, fetcher, limits: ofGeneration, log });
  const { file = null, sinks = [] } = options.usage ?? {};
  const usage = await openUsage({ file, sinks, limits, log });
  const logError: ErrorLog = (error, id) =>
    log.error({ err: error, errorId: id, requestId: currentRequest()?.id }, 'an error that no client sees');
  const logShared: ErrorLog = (error, id) =>
    log.error({ err: error, errorId: id }, 'an error that no client sees');
  const subscriptions = new Subscriptions(limits, logShared);
  // Without a log: whoever asks gets the answer, and a subgraph that is still starting is no event.
  const prober = createHttpFetcher({ timeoutMs: probeMs, connections: 1 });
  const generations = new Generations({
    first,
    build: (sdl) => createGenerationInSteps({ supergraphSdl: sdl, fetcher, limits: ofGeneration, log }),
    swap: (next) => {
      http.use(next);
      subscriptions.adopt(next);
      const { movesPending } = subscriptions.counters;
      log.info({ generation: next.id, movesPending }, 'a new supergraph is served; live subscriptions move');
    },
  });
  const probe = subgraphProbe(prober, () => [...generations.current.subgraphs.values()]);
  const context: TransportContext = {
    generation: () => generations.current,
    documents: new Documents(limits),
    usage,
    subscriptions,
    limits,
    logError,
  };
  const streams = new HttpStreams({ context, compression: options.compression ?? false });
  const connections = new Connections(limits, subscriptions.counters);
  const http = await createHttp({
    generation: first,
    context,
    policy,
    connections,
    streams,
    pages: options.pages ?? new Map(),
    log,
    health: async () => {
      const worker = options.worker?.();
      const ready = worker?.started ?? true;
      const body = {
        status: ready ? 'ready' : 'starting',
        ...(worker !== undefined && { worker }),
        generation: generations.current.id,
        subgraphs: await probe(),
        compiled: generations.current.compiled,
        subscriptions: { ...subscriptions.counters },
        usage: usage.counters,
      };
      return { ready, body };
    },
  });
  const websockets = new WebSockets({
    server: http.app.server,
    path: '/graphql',
    check: ({ headers, socket }) => connections.refusal(socket) ?? checkOrigin(headers, policy),
    context,
  });
  let stopping: Promise<void> | null = null;
  const stop = (): Promise<void> => (stopping ??= drain());
  const drain = async (): Promise<void> => {
    http.drain();
    await Promise.all([websockets.stop(), streams.stop()]);
    await http.stop();
    subscriptions.stop();
    await Promise.all([fetcher.close(), prober.close(), usage.stop()]);
  };
  const { host = '127.0.0.1', port = 4000 } = options;
  try {
    await http.app.listen({ host, port });
  } catch (error) {
    await stop();
    throw explained(error, host, port);
  }
  const address = http.app.server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}/graphql`,
    port: address.port,
    get generation() {
      return generations.current;
    },
    update: (sdl) => generations.update(sdl),
    counters: subscriptions.counters,
    get sockets() {
      return websockets.size;
    },
    shed: (count) => websockets.shed(count),
    stop,
  };
};

/** Keeps the code, by which a caller tells it apart. */
const explained = (error: unknown, host: string, port: number): unknown => {
  if (!(error instanceof Error) || !('code' in error) || error.code !== 'EADDRINUSE') return error;
  const message = `Port ${port} of ${host} is in use. End what listens there, or choose another with gateway.port.`;
  return Object.assign(new Error(message, { cause: error }), { code: error.code });
};

/** Which subgraphs answer now; asked at most once in two seconds, however often a probe comes. */
const subgraphProbe = (
  fetcher: Fetcher,
  subgraphs: () => readonly Subgraph[],
): (() => Promise<Record<string, 'UP' | 'DOWN'>>) => {
  let asked = 0;
  let answer: Promise<Record<string, 'UP' | 'DOWN'>> = Promise.resolve({});
  const ask = async (subgraph: Subgraph): Promise<[string, 'UP' | 'DOWN']> => {
    const request = { query: '{ __typename }', variables: {} };
    const isUp = await fetcher.fetch(subgraph, request, AbortSignal.timeout(probeMs)).then(
      () => true,
      () => false,
    );
    return [subgraph.name, isUp ? 'UP' : 'DOWN'];
  };
  return () => {
    if (Date.now() - asked > probeHoldsMs) {
      asked = Date.now();
      answer = Promise.all(subgraphs().map(ask)).then((states) => Object.fromEntries(states));
    }
    return answer;
  };
};
