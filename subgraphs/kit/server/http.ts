import { ApolloServer } from '@apollo/server';
import fastifyApollo, { fastifyApolloDrainPlugin } from '@as-integrations/fastify';
import fastify, { type FastifyInstance } from 'fastify';
import type { GraphQLSchema } from 'graphql';
import type { Logger } from 'pino';
import type { AfterPositions, RequestContext } from '../context.ts';
import { maskFormatted } from '../graphql/mask.ts';
import type { Written } from '../write/writer.ts';
import { refusalBody, refusalStatus, refuseBrowser } from './browser-guard.ts';
import { readAfter } from './extensions.ts';

export interface HttpOptions {
  readonly schema: GraphQLSchema;
  readonly host: string;
  readonly port: number;
  readonly context: (after: AfterPositions | null, isEntities: boolean) => RequestContext;
  readonly health: () => { readonly ready: boolean; readonly body: unknown };
  readonly log: Logger;
}

/** GraphQL over HTTP at /graphql by Apollo Server, and /health/live, /health/ready. */
export const serveHttp = async (options: HttpOptions): Promise<FastifyInstance> => {
  const app = fastify({ bodyLimit: 4 * 1024 * 1024, forceCloseConnections: 'idle' });
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
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    formatError: (formatted, error) => maskFormatted(formatted, error, options.log),
    plugins: [fastifyApolloDrainPlugin(app), positionPlugin],
  });
  await apollo.start();
  await app.register(fastifyApollo(apollo), {
    context: async (request) => {
      const body = request.body as { query?: unknown; extensions?: unknown } | undefined;
      const isEntities = typeof body?.query === 'string' && body.query.includes('_entities');
      return options.context(readAfter(body?.extensions), isEntities);
    },
  });
  await app.listen({ host: options.host, port: options.port });
  app.addHook('onClose', () => apollo.stop());
  return app;
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

const byTopic = (written: readonly Written[]): Record<string, [number, number][]> => {
  const positions: Record<string, [number, number][]> = {};
  for (const { topicId, partition, offset } of written) {
    positions[topicId] = [...(positions[topicId] ?? []), [partition, offset]];
  }
  return positions;
};
