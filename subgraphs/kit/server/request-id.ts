import { AsyncLocalStorage } from 'node:async_hooks';
import type { FastifyInstance } from 'fastify';
import { requestIdHeader, requestIdOf } from '../../../schema/request-id.ts';

const running = new AsyncLocalStorage<string>();

/** The id of the request that runs, for its log lines; undefined in what runs for none, such as subscriptions. */
export const currentRequestId = (): string | undefined => running.getStore();

/** Answers each request with its id, the gateway's when it came from there, and knows it while the request runs. */
export const identifyRequests = (app: FastifyInstance): void => {
  app.addHook('onRequest', (request, reply, next) => {
    request.headers[requestIdHeader] = requestIdOf(request.headers[requestIdHeader]);
    reply.header(requestIdHeader, request.headers[requestIdHeader]);
    next();
  });
  // Not before: what reads the body runs for its socket, and would lose it.
  app.addHook('preHandler', (request, _reply, next) =>
    running.run(requestIdOf(request.headers[requestIdHeader]), next),
  );
};
