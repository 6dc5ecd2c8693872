import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingHttpHeaders } from 'node:http';
import { requestIdHeader, requestIdOf } from '../schema/request-id.ts';
import { type ClientIdentity, clientOf } from './usage/client.ts';

/** Who asks, and under which id. Of a websocket: one for all that comes on it. */
export interface ClientRequest {
  readonly id: string;
  readonly client: ClientIdentity;
}

/** Gives a request an id when it brought none. From here on its own headers have it. */
export const identify = (headers: IncomingHttpHeaders): string => {
  const id = requestIdOf(headers[requestIdHeader]);
  headers[requestIdHeader] = id;
  return id;
};

export const requestOf = (headers: IncomingHttpHeaders): ClientRequest => ({
  id: identify(headers),
  client: clientOf(headers),
});

const scope = new AsyncLocalStorage<ClientRequest>();

/** Runs something on behalf of a request: Apollo Server hands the request to what it executes, but not to what formats its errors. */
export const withRequest = <T>(request: ClientRequest, run: () => T): T => scope.run(request, run);

/**
 * The request that runs. What several clients share (upstreams, joins of a subscription) runs for none of them, though it
 * may have been started by one: do not ask there.
 */
export const currentRequest = (): ClientRequest | undefined => scope.getStore();

/** Headers for the fetches of the request that runs. */
export const forwardedHeaders = (): Readonly<Record<string, string>> => {
  const request = currentRequest();
  return request === undefined ? {} : { [requestIdHeader]: request.id };
};
