import type { FastifyInstance } from 'fastify';
import { requestIdHeader } from '../../schema/request-id.ts';
import { identify, requestOf, withRequest } from '../request-scope.ts';

/** Answers each request with its id, and runs it under that. */
export const identifyRequests = (app: FastifyInstance): void => {
  app.addHook('onRequest', (request, reply, next) => {
    reply.header(requestIdHeader, identify(request.headers));
    next();
  });
  // Not before: what reads the body runs for its socket, and would lose it.
  app.addHook('preHandler', (request, _reply, next) => withRequest(requestOf(request.headers), next));
};
