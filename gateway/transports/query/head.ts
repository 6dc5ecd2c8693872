import type { IncomingMessage } from 'node:http';

const json = 'application/json; charset=utf-8';
const graphqlResponse = 'application/graphql-response+json; charset=utf-8';

/**
 * The content type of the answer, by the Accept header as stock clients send it: fetch and Apollo Client 3, axios, Apollo
 * Client 4, graphql-request, Relay's examples and the specification's. Any other is negotiated by Apollo Server.
 */
const contentTypes: ReadonlyMap<string | undefined, string> = new Map([
  [undefined, json],
  ['*/*', json],
  ['application/json', json],
  ['application/json, */*', json],
  ['application/json, text/plain, */*', json],
  ['application/graphql-response+json', graphqlResponse],
  ['application/graphql-response+json, application/json', graphqlResponse],
  ['application/graphql-response+json,application/json;q=0.9', graphqlResponse],
  ['application/graphql-response+json, application/json;q=0.9', graphqlResponse],
  ['application/graphql-response+json; charset=utf-8, application/json; charset=utf-8', graphqlResponse],
]);

/** Of a request's body. A page cannot send them without asking (CSRF). */
const bodyTypes = new Set<string | undefined>(['application/json', 'application/json; charset=utf-8']);

/** What a plain request says of itself before its body. */
export interface PlainHead {
  /** Of the answer. */
  readonly contentType: string;
}

/** Reads the head of a request to /graphql; null where anything is out of the common, right or wrong. */
export const readHead = (request: IncomingMessage, maximumBytes: number): PlainHead | null => {
  const { method, url, httpVersion, headers } = request;
  if (method !== 'POST' || url !== '/graphql' || httpVersion !== '1.1') return null;
  if (!bodyTypes.has(headers['content-type'])) return null;
  if (headers['content-encoding'] !== undefined || headers.expect !== undefined) return null;
  const bytes = Number(headers['content-length']);
  if (!(bytes > 0 && bytes <= maximumBytes)) return null;
  const contentType = contentTypes.get(headers.accept);
  return contentType === undefined ? null : { contentType };
};
