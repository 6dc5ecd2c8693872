import { createServer, type Server as HttpServerOfNode, type RequestListener } from 'node:http';
import { Server } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { ApolloServer, type BaseContext } from '@apollo/server';
import {
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import { type FastifyError, type FastifyInstance, fastify } from 'fastify';
import type { Logger } from 'pino';
import { maximumCursorLength } from '../schema/cursor/format.ts';
import { type ErrorCode, TributaryError } from '../schema/errors.ts';
import { type ErrorLog, formatted, formattedRefusal } from './errors.ts';
import { type ApolloBridge, createApolloBridge } from './generation/apollo.ts';
import type { Generation } from './generation/generation.ts';
import type { GatewayLimits } from './limits.ts';
import { type Page, servePage } from './pages.ts';
import type { Connections } from './policies/connections.ts';
import { corsHeaders, preflightHeaders } from './policies/cors.ts';
import { documentSizeRule } from './policies/document-size.ts';
import { checkOrigin, type OriginPolicy } from './policies/origin.ts';
import { identifyRequests } from './policies/request-id.ts';
import { forwardedHeaders, requestOf, withRequest } from './request-scope.ts';
import { watchRequests } from './requests.ts';
import type { HttpStreams } from './transports/http/streams.ts';
import type { TransportContext } from './transports/operation.ts';
import { Front } from './transports/query/front.ts';
import { admittedDocuments, ShortWay } from './transports/query/short-way.ts';
import { usagePlugin } from './usage/apollo.ts';

export interface HttpOptions {
  readonly generation: Generation;
  readonly policy: OriginPolicy;
  readonly connections: Connections;
  readonly pages: ReadonlyMap<string, Page>;
  readonly streams: HttpStreams;
  readonly log: Logger;
  readonly context: TransportContext;
  /** What /health/ready answers while it serves. */
  readonly health: () => Promise<{ readonly ready: boolean; readonly body: unknown }>;
}

export interface HttpServer {
  readonly app: FastifyInstance;
  /** Requests that begin from now on run in this generation. */
  use(generation: Generation): void;
  /** Takes no more connections and is not ready; those that are open are served on, and closed after their next answer. */
  drain(): void;
  /** Ends when running requests have ended, at the latest after 5 s. */
  stop(): Promise<void>;
}

/**
 * Bytes of a request's headers, of which Last-Event-ID may be the longest cursor. With Node's 16 KB an EventSource on a topic
 * of a few thousand partitions would be refused, and never come back.
 */
const headerBytes = maximumCursorLength + 16 * 1024;

/**
 * GraphQL over HTTP at /graphql by Apollo Server, and what is streamed there, the pages, and /health/live, /health/ready.
 * Does not listen yet.
 */
export const createHttp = async (options: HttpOptions): Promise<HttpServer> => {
  const { context, policy, connections, streams } = options;
  const { limits, logError } = context;
  let draining = false;
  const shortWay = new ShortWay({
    context,
    policy,
    open: (socket) => !draining && connections.refusal(socket) === null,
  });
  const front = new Front({
    serve: (request, socket) => shortWay.serveWire(request, socket),
    requestMs: limits.requestMs,
    keepAliveMs,
  });
  const app = fastify({
    bodyLimit: limits.bodyBytes,
    // Once for each address behind a name such as localhost.
    serverFactory: (longWay) =>
      connections.watch(front.standBefore(createNodeServer(shortWay.listener(longWay), limits))),
    forceCloseConnections: 'idle',
    // An EventSource that meets it on a connection which is still open would never come back.
    return503OnClosing: false,
  });
  identifyRequests(app);
  guard(app, policy);
  app.addHook('onRequest', (request, reply, next) => {
    const full = isHealth(request) ? null : connections.refusal(request.raw.socket);
    if (full === null) next();
    else streams.refuse(request, reply.header('connection', 'close'), full);
  });
  app.setErrorHandler((error: FastifyError, { headers }, reply) =>
    withRequest(requestOf(headers), () => answerError(error, logError, reply)),
  );
  app.setNotFoundHandler((request, reply) =>
    reply
      .code(404)
      .send(body('NOT_FOUND', `Nothing is at ${request.url.slice(0, 200)}; GraphQL is at /graphql.`)),
  );
  app.get('/health/live', () => ({ status: 'live' }));
  app.get('/health/ready', async (_request, reply) => {
    if (draining) return reply.code(503).send({ status: 'draining' });
    const { ready, body } = await options.health();
    return reply.code(ready ? 200 : 503).send(body);
  });
  app.addHook('onRequest', async (_request, reply) => {
    if (draining) reply.header('connection', 'close');
  });
  for (const [path, page] of options.pages) servePage(app, path, page);
  const { generation } = options;
  const bridge = createApolloBridge({ generation, forwardHeaders: forwardedHeaders });
  const apollo = createApollo(options, bridge);
  await apollo.start();
  app.route({
    method: ['GET', 'POST'],
    url: '/graphql',
    preParsing: ({ raw }, _reply, payload, next) => next(null, shortWay.bodyOf(raw) ?? payload),
    preHandler: (request, reply, next) => {
      if (!streams.serve(request, reply)) next();
    },
    handler: fastifyApolloHandler(apollo),
  });
  const requestsOver = watchRequests(app.server);
  return {
    app,
    use: (next) => bridge.use(next),
    drain: () => {
      draining = true;
      // HTTP's own would cut idle connections, on which a proxy's next request may be under way.
      Server.prototype.close.call(app.server);
    },
    stop: () => stop(app, apollo, front, requestsOver),
  };
};

/** Milliseconds for which a connection may be idle: longer than those of most balancers, which must be first to close it. */
const keepAliveMs = 72_000;

const createNodeServer = (listener: RequestListener, { requestMs }: GatewayLimits): HttpServerOfNode =>
  createServer(
    {
      keepAliveTimeout: keepAliveMs,
      requestTimeout: requestMs,
      headersTimeout: requestMs,
      connectionsCheckingInterval: Math.min(5_000, requestMs),
      maxHeaderSize: headerBytes,
      // Other protocols are offers that we do not take: the JDK's client offers h2c with each first request.
      shouldUpgradeCallback: ({ headers: { upgrade } }) => upgrade?.toLowerCase() === 'websocket',
    },
    listener,
  );

const createApollo = (
  { log, context: { limits, logError, usage, documents } }: HttpOptions,
  gateway: ApolloBridge,
): ApolloServer<BaseContext> =>
  new ApolloServer<BaseContext>({
    gateway,
    logger: log,
    introspection: true,
    csrfPrevention: true,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    parseOptions: { maxTokens: limits.documentTokens },
    validationRules: [documentSizeRule(limits)],
    formatError: (shown, error) => formattedRefusal(shown, error, logError),
    // Nothing is reported to anyone, whatever the environment says.
    plugins: [
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
      usagePlugin(usage),
      admittedDocuments(documents),
    ],
  });

const isHealth = ({ url }: { readonly url: string }): boolean => url.startsWith('/health/');

/** Origin and Host are judged before anything is read. Probes address a process by its IP, so health needs no known Host. */
const guard = (app: FastifyInstance, policy: OriginPolicy): void => {
  app.addHook('onRequest', async (request, reply) => {
    const forbidden = checkOrigin(
      isHealth(request) ? { ...request.headers, host: 'localhost' } : request.headers,
      policy,
    );
    if (forbidden !== null) {
      await reply.code(403).send({ errors: [formatted(forbidden)] });
      return;
    }
    reply.headers(corsHeaders(request.headers));
    if (request.method !== 'OPTIONS') return;
    await reply.code(204).headers(preflightHeaders(request.headers)).send();
  });
};

type Reply = Parameters<FastifyInstance['errorHandler']>[2];

/** Bodies that are too large or no JSON are the client's fault; anything else is ours and stays in the log. */
const answerError = (error: FastifyError, logError: ErrorLog, reply: Reply): Reply => {
  const status = error.statusCode ?? 500;
  if (status < 500) return reply.code(status).send(body('BAD_REQUEST', error.message));
  return reply
    .code(500)
    .send({ errors: [formattedRefusal({ message: 'Internal error.' }, error, logError)] });
};

const body = (code: ErrorCode, message: string): unknown => ({
  errors: [formatted(new TributaryError(code, message))],
});

/** Milliseconds that running requests have to end. */
const stopMs = 5_000;

const stop = async (
  app: FastifyInstance,
  apollo: ApolloServer<BaseContext>,
  front: Front,
  requestsOver: () => Promise<void>,
): Promise<void> => {
  const closed = app.close();
  // In this order: what the front does not answer itself becomes a request of Node's.
  await Promise.race([front.over().then(requestsOver), wait(stopMs, undefined, { ref: false })]);
  // Node counts a connection on which nothing was ever sent, such as a browser's spare one, as busy: it would hold us up.
  app.server.on('connection', (socket) => socket.destroy());
  app.server.closeAllConnections();
  front.close();
  await closed;
  await apollo.stop();
};
