import { randomUUID } from 'node:crypto';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { Logger } from 'pino';
import { TributaryError } from '../../../schema/errors.ts';
import { currentRequestId } from '../server/request-id.ts';

/** What a client may see: our own errors and GraphQL's as they are; anything else only as an id that the log has too. */
export const maskError = (error: GraphQLError, log: Logger): GraphQLError => {
  const original = rootCause(error);
  if (original instanceof TributaryError || original === null) return error;
  return new GraphQLError(masked(original, log), {
    ...(error.nodes === undefined ? {} : { nodes: error.nodes }),
    ...(error.path === undefined ? {} : { path: error.path }),
    extensions: { code: 'INTERNAL' },
  });
};

/** The same for Apollo Server, which formats before it asks. */
export const maskFormatted = (
  formatted: GraphQLFormattedError,
  error: unknown,
  log: Logger,
): GraphQLFormattedError => {
  const original = error instanceof GraphQLError ? rootCause(error) : error;
  if (original === null || original instanceof TributaryError) return formatted;
  return { ...formatted, message: masked(original, log), extensions: { code: 'INTERNAL' } };
};

const rootCause = (error: GraphQLError): unknown => {
  let cause: unknown = error;
  while (cause instanceof GraphQLError) cause = cause.originalError ?? null;
  return cause;
};

const masked = (original: unknown, log: Logger): string => {
  const id = randomUUID();
  log.error({ err: original, errorId: id, requestId: currentRequestId() }, 'an error that no client sees');
  return `Something failed inside the subgraph; its log has the details under error id ${id}.`;
};
