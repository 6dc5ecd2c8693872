import { randomUUID } from 'node:crypto';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { TributaryError } from '../schema/errors.ts';
import { SubscriptionRefused } from './generation/subscription.ts';

/** Takes what clients must not see, with the id that they see instead. */
export type ErrorLog = (error: unknown, id: string) => void;

/** What a client sees of a failure; what it must not see is logged under an id. */
export const refusal = (error: unknown, log: ErrorLog): readonly GraphQLFormattedError[] => {
  if (error instanceof SubscriptionRefused) return error.errors.map((inner) => inner.toJSON());
  if (error instanceof TributaryError) return [formatted(error)];
  if (error instanceof GraphQLError && error.originalError === undefined) return [error.toJSON()];
  const id = randomUUID();
  log(error, id);
  return [formatted(new TributaryError('INTERNAL', `Internal error ${id}.`, { details: { id } }))];
};

/** The same for Apollo Server, which formats before it asks. */
export const formattedRefusal = (
  shown: GraphQLFormattedError,
  error: unknown,
  log: ErrorLog,
): GraphQLFormattedError => {
  let cause = error;
  while (cause instanceof GraphQLError) cause = cause.originalError ?? null;
  // The parser's own: a document nested so deep that it has no stack left is the client's fault.
  const isSyntax = shown.extensions?.code === 'GRAPHQL_PARSE_FAILED';
  if (cause === null || cause instanceof TributaryError || isSyntax) return shown;
  return refusal(cause, log)[0] ?? shown;
};

/** A typed error as it stands on the wire. */
export const formatted = (error: TributaryError): GraphQLFormattedError => ({
  message: error.message,
  extensions: { ...error.extensions },
});

/** Whether the same may go well later, by what the error says of itself. */
export const isRetryable = (error: GraphQLFormattedError): boolean => error.extensions?.retryable === true;

/** A validation error as it goes to clients. */
export const withCode = (error: GraphQLError, code: string): GraphQLFormattedError => {
  const { extensions, ...rest } = error.toJSON();
  return { ...rest, extensions: { code, ...extensions } };
};
