import type { FastifyRequest } from 'fastify';
import type { OperationRequest } from '../operation.ts';
import { isObject, readOperation } from '../payload.ts';

const names = { subject: 'The request', prefix: '' };

/**
 * Reads an operation from the URL of a GET or the JSON of a POST; a text says what is wrong with it. A body that is no
 * JSON object is refused whatever its content type: a page can send such without asking (CSRF).
 */
export const readStreamRequest = (request: FastifyRequest): OperationRequest | string => {
  const operation = request.method === 'GET' ? readUrl(request.query) : readOperation(request.body, names);
  if (typeof operation === 'string') return operation;
  const lastEventId = request.headers['last-event-id'];
  return typeof lastEventId === 'string' && lastEventId !== ''
    ? { ...operation, extensions: withCursor(operation.extensions, lastEventId) }
    : operation;
};

/**
 * A Last-Event-ID goes before a cursor of the URL or body: who sends both comes back by itself, with the same request and
 * with what it got since (docs/decisions/0005-last-event-id-first.md).
 */
const withCursor = (
  extensions: OperationRequest['extensions'],
  cursor: string,
): OperationRequest['extensions'] => {
  const { tributary } = extensions;
  return { ...extensions, tributary: { ...(isObject(tributary) ? tributary : {}), cursor } };
};

const readUrl = (query: unknown): OperationRequest | string => {
  if (!isObject(query)) return 'The request has no parameters';
  const variables = readJson(query.variables);
  if (variables === undefined) return 'variables is no JSON';
  const extensions = readJson(query.extensions);
  if (extensions === undefined) return 'extensions is no JSON';
  return readOperation({ ...query, variables, extensions }, names);
};

/** Null when it is absent, undefined when it is no JSON. */
const readJson = (text: unknown): unknown => {
  if (text === undefined || text === '') return null;
  try {
    return JSON.parse(String(text));
  } catch {
    return undefined;
  }
};
