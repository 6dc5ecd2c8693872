/**
 * The graph as a page uses it: queries over HTTP, and subscriptions over one websocket that come back by themselves and
 * go on where they were. Nothing in here knows of flights: copy it.
 */
import { createClient } from 'graphql-ws';
import { backOff, resumable } from 'tributary-graph/client';

/**
 * @typedef {'connecting' | 'connected' | 'lost'} Connection
 * @typedef {{ readonly query: string, readonly operationName: string, readonly variables?: Record<string, unknown> }} Operation
 */

const endpoint = new URL('graphql', location.href);
const socketEndpoint = new URL(endpoint);
socketEndpoint.protocol = endpoint.protocol === 'https:' ? 'wss:' : 'ws:';

/**
 * Asks until there is an answer, with what it joins or without.
 * @param {Operation} operation
 * @returns {Promise<Record<string, any>>} its data
 */
export const ask = async (operation) => {
  for (let attempt = 0; ; attempt++) {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' },
      body: JSON.stringify(operation),
    }).catch(() => null);
    const { data } = (await response?.json().catch(() => null)) ?? {};
    if (data) return data;
    await backOff(attempt);
  }
};

/**
 * Subscriptions over one socket.
 * @param {(connection: Connection) => void} onConnection told of each change
 */
export const connect = (onConnection) => {
  const client = createClient(
    resumable({
      url: socketEndpoint.href,
      on: {
        connecting: (isRetry) => onConnection(isRetry ? 'lost' : 'connecting'),
        connected: () => onConnection('connected'),
        closed: () => onConnection('lost'),
      },
    }),
  );

  /**
   * Follows a stream for as long as the page lives.
   * @param {Operation} operation
   * @param {{ next: (data: Record<string, any>) => void, refused: (why: string) => void }} take
   */
  const follow = (operation, { next, refused }) =>
    client.subscribe(operation, {
      next: ({ data }) => data && next(data),
      error: (error) => refused(messageOf(error)),
      complete: () => refused('The stream has ended.'),
    });
  return { follow };
};

/** @param {unknown} error errors of GraphQL; for the socket, what closed it */
const messageOf = (error) => {
  if (Array.isArray(error)) return error.map(({ message }) => message).join(' ');
  return error instanceof CloseEvent ? `${error.code} ${error.reason}` : String(error);
};
