import type { IncomingMessage } from 'node:http';

/** Whoever has read it. */
export type RequestHead = Pick<IncomingMessage, 'method' | 'url' | 'httpVersion' | 'headers'>;

const json = 'application/json; charset=utf-8';
const graphqlResponse = 'application/graphql-response+json; charset=utf-8';

/**
 * The content type of the answer, by the Accept header as stock clients send it: curl, fetch and Apollo Client 3, axios, Apollo
 * Client 4, urql (for queries, which would take a stream as well), graphql-request, Relay's examples and the specification's.
 * Any other is negotiated by Apollo Server.
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
  [
    'application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed',
    graphqlResponse,
  ],
]);

/** Of a request's body. A page cannot send them without asking (CSRF). */
const bodyTypes = new Set<string | undefined>(['application/json', 'application/json; charset=utf-8']);

/** A page cannot send them without asking either; for GET, which has no body whose type would tell. */
const askedHeaders = ['x-apollo-operation-name', 'apollo-require-preflight'];

/** What a plain request says of itself before its body. */
export interface PlainHead {
  /** Of the answer. */
  readonly contentType: string;
  /** What follows the path of a GET; null: POST, with a body. */
  readonly search: string | null;
}

/** Reads the head of a request to /graphql; null where anything is out of the common, right or wrong. */
export const readHead = (request: RequestHead, maximumBytes: number): PlainHead | null => {
  const { method, httpVersion, headers } = request;
  if (httpVersion !== '1.1') return null;
  if (headers['content-encoding'] !== undefined || headers.expect !== undefined) return null;
  // An EventSource that has come to its end.
  if (headers['last-event-id'] !== undefined) return null;
  const contentType = contentTypes.get(headers.accept);
  if (contentType === undefined) return null;
  if (method === 'GET') return readGet(request, contentType);
  if (method !== 'POST' || request.url !== '/graphql') return null;
  if (!bodyTypes.has(headers['content-type'])) return null;
  const bytes = Number(headers['content-length']);
  return bytes > 0 && bytes <= maximumBytes ? { contentType, search: null } : null;
};

const getPath = '/graphql?';

const readGet = ({ url, headers }: RequestHead, contentType: string): PlainHead | null => {
  if (url?.startsWith(getPath) !== true || url.includes('#')) return null;
  if (headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined) return null;
  const type = headers['content-type'];
  const asked =
    type === undefined ? askedHeaders.some((name) => Boolean(headers[name])) : bodyTypes.has(type);
  return asked ? { contentType, search: url.slice(getPath.length) } : null;
};
