import { unescape as decoded } from 'node:querystring';
import type { Shareable } from '../in-flight.ts';
import type { HttpAnswer } from './answer-reader.ts';

export interface EndpointSettings {
  /** Milliseconds from the request to the last byte of its answer. */
  readonly timeoutMs: number;
  readonly maximumResponseBytes: number;
  readonly connections: number;
  readonly maximumWaiting: number;
}

/** A POST to an endpoint. */
export interface EndpointRequest {
  /** Of the subgraph, for messages. */
  readonly name: string;
  readonly headers: Readonly<Record<string, string>> | undefined;
  readonly body: string;
  /** True where nothing is changed by it: it may be sent again when a connection was closed on its way. */
  readonly repeatable: boolean;
}

/** Where a subgraph is asked, with connections that are kept. */
export interface Endpoint {
  /**
   * Throws SUBGRAPH_UNAVAILABLE when too many wait. The answer rejects with SUBGRAPH_TIMEOUT when it is late, with
   * SUBGRAPH_FAILED when it is too large, and with the cause when the connection or what came on it is at fault.
   */
  send(request: EndpointRequest): Shareable<HttpAnswer>;
  /** Ends idle connections and rejects what is under way. */
  close(): Promise<void>;
}

/** Name and password of a URL, as a header: Basic (RFC 7617). */
export const credentialsOf = ({ username, password }: URL): Readonly<Record<string, string>> => {
  if (username === '' && password === '') return {};
  const pair = `${decoded(username)}:${decoded(password)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
};

/** On every request to a subgraph. */
export const ownHeaders = {
  'content-type': 'application/json',
  accept: 'application/graphql-response+json, application/json;q=0.9',
};
