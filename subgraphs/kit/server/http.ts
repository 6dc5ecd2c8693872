import type { Server } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { ApolloServer } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
} from '@apollo/server/plugin/disabled';
import fastifyApollo, { fastifyApolloDrainPlugin } from '@as-integrations/fastify';
import fastify, { type FastifyInstance } from 'fastify';
import { GraphQLError, type GraphQLSchema } from 'graphql';
import type { Logger } from 'pino';
import { errorMappings, TributaryError } from '../../../schema/errors.ts';
import type { AfterPositions, RequestContext } from '../context.ts';
import { maskFormatted } from '../graphql/mask.ts';
import type { WrittenRecord } from '../kafka/producer.ts';
import { errorBody, refusalBody, refusalStatus, refuseBrowser } from './browser-guard.ts';
import { readAfter } from './extensions.ts';
import { maximumTokens } from './limits.ts';
import { identifyRequests } from './request-id.ts';
import { watchRequests } from './requests.ts';

export interface HttpOptions {
  readonly schema: GraphQLSchema;
  readonly host: string;
  readonly port: number;
  readonly context: (after: AfterPositions | null, isEntities: boolean) => RequestContext;
  readonly health: () => { readonly ready: boolean; readonly body: unknown };
  readonly log: Logger;
}

export interface RunningHttp {
  readonly server: Server;
  /** Rejects with CONFIGURATION_INVALID when something else has the port. */
  listen(): Promise<void>;
  /** Finishes running requests, then closes. */
  stop(): Promise<void>;
}

/** GraphQL over HTTP at /graphql by Apollo Server, and /health/live, /health/ready. Does not listen yet. */
export const createHttp = async (options: HttpOptions): Promise<RunningHttp> => {
  const app = fastify({ bodyLimit: 4 * 1024 * 1024, forceCloseConnections: 'idle' });
  identifyRequests(app);
  app.addHook('onRequest', async (request, reply) => {
    const refusal = refuseBrowser(request.headers);
    if (refusal !== null) await reply.code(refusalStatus).type('application/json').send(refusalBody(refusal));
  });
  app.get('/health/live', () => ({ status: 'live' }));
  app.get('/health/ready', (_request, reply) => {
    const { ready, body } = options.health();
    return reply.code(ready ? 200 : 503).send(body);
  });
  const apollo = new ApolloServer<RequestContext>({
    schema: options.schema,
    introspection: true,
    csrfPrevention: true,
    parseOptions: { maxTokens: maximumTokens },
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    formatError: (formatted, error) => maskFormatted(formatted, error, options.log),
    // Tracing is for Apollo's own gateway and costs every field.
    plugins: [
      fastifyApolloDrainPlugin(app),
      positionPlugin,
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginCacheControlDisabled(),
    ],
  });
  await apollo.start();
  await app.register(fastifyApollo(apollo), {
    method: ['POST'],
    context: async (request) => contextOf(options, request.body),
  });
  app.get('/graphql', (_request, reply) =>
    reply.code(405).header('allow', 'POST').send(errorBody('BAD_REQUEST', 'A subgraph answers POST.')),
  );
  const requestsOver = watchRequests(app.server);
  return {
    server: app.server,
    listen: () => listen(app, options),
    stop: () => stop(app.server, apollo, requestsOver),
  };
};

/** Milliseconds that running requests have to end. */
const stopMs = 5_000;

const stop = async (
  server: Server,
  apollo: ApolloServer<RequestContext>,
  requestsOver: () => Promise<void>,
): Promise<void> => {
  // Apollo's stop drains: it closes the listener, waits for its connections, then stops its plugins.
  const stopped = apollo.stop();
  await Promise.race([requestsOver(), wait(stopMs, undefined, { ref: false })]);
  // Node counts a connection on which nothing was ever sent as busy: it would hold us up.
  server.on('connection', (socket) => socket.destroy());
  server.closeAllConnections();
  await stopped;
};

const contextOf = (options: HttpOptions, given: unknown): RequestContext => {
  const body = given as { query?: unknown; extensions?: unknown } | undefined;
  const isEntities = typeof body?.query === 'string' && body.query.includes('_entities');
  return options.context(afterOf(body?.extensions), isEntities);
};

/** Apollo Server makes 500 of what a context function throws, unless the error says otherwise. */
const afterOf = (extensions: unknown): AfterPositions | null => {
  try {
    return readAfter(extensions);
  } catch (error) {
    if (!(error instanceof TributaryError)) throw error;
    const http = { status: errorMappings[error.code].http };
    throw new GraphQLError(error.message, { extensions: { ...error.extensions, http } });
  }
};

const listen = async (app: FastifyInstance, { host, port }: HttpOptions): Promise<void> => {
  try {
    await app.listen({ host, port });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new TributaryError(
      'CONFIGURATION_INVALID',
      `Port ${port} on ${host} is in use. End the process that has it, or give this subgraph another port.`,
      { cause: error },
    );
  }
};

/** A mutation's answer says where its records were written (S24). */
const positionPlugin = {
  requestDidStart: async () => ({
    willSendResponse: async ({
      contextValue,
      response,
    }: {
      contextValue: RequestContext;
      response: { body: { kind: string; singleResult?: { extensions?: Record<string, unknown> } } };
    }) => {
      const { singleResult } = response.body;
      if (contextValue.written.length === 0 || singleResult === undefined) return;
      const position = byTopic(contextValue.written);
      singleResult.extensions = { ...singleResult.extensions, tributary: { position } };
    },
  }),
};

const byTopic = (written: readonly WrittenRecord[]): Record<string, [number, number][]> => {
  const positions: Record<string, [number, number][]> = {};
  for (const { topicId, partition, offset } of written) {
    positions[topicId] = [...(positions[topicId] ?? []), [partition, offset]];
  }
  return positions;
};
