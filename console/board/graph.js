/**
 * The graph as a page uses it: queries over HTTP, and subscriptions over one websocket that come back by themselves and
 * go on where they were. Nothing in here knows of flights: copy it.
 */
import { createClient } from 'graphql-ws';

/**
 * @typedef {'connecting' | 'connected' | 'lost'} Connection
 * @typedef {import('graphql-ws').FormattedExecutionResult<Record<string, any>, { tributary?: { cursor: string } }>} Result
 * @typedef {{ readonly query: string, readonly operationName: string, readonly variables?: Record<string, unknown> }} Operation
 */

/** Milliseconds. A connection on which a ping gets no answer for so long is given up: nobody may have closed it. */
const pingEvery = 10_000;
const answerWithin = 5_000;
/** Before an operation that may go well later is sent again. */
const againAfter = 2_000;
const longestWait = 10_000;

/** Half of it by chance, so that many pages do not come back at the same moment.
 * @param {number} attempt */
const backOff = (attempt) => {
  const wait = Math.min(longestWait, 500 * 2 ** attempt) * (0.5 + Math.random() / 2);
  return new Promise((/** @type {(_: void) => void} */ resolve) => setTimeout(resolve, wait));
};

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
  /** What each operation sends as extensions.tributary, by the operation's id: here, its name.
   * @type {Map<string, { cursor?: string }>} */
  const positions = new Map();
  /** @param {string} id @param {string | undefined} cursor */
  const remember = (id, cursor) => {
    const position = positions.get(id);
    if (position !== undefined && cursor !== undefined) position.cursor = cursor;
  };

  let unanswered = 0;
  const client = createClient({
    url: socketEndpoint.href,
    generateID: ({ operationName }) => /** @type {string} */ (operationName),
    retryAttempts: Number.POSITIVE_INFINITY,
    shouldRetry: () => true,
    retryWait: backOff,
    keepAlive: pingEvery,
    on: {
      connecting: (isRetry) => onConnection(isRetry ? 'lost' : 'connecting'),
      connected: () => onConnection('connected'),
      closed: () => {
        clearTimeout(unanswered);
        onConnection('lost');
      },
      ping: (isReceived, payload) => {
        if (!isReceived) unanswered = setTimeout(() => client.terminate(), answerWithin);
        // Progress without an event: cursors by operation.
        for (const [id, cursor] of Object.entries(payload?.cursors ?? {})) remember(id, String(cursor));
      },
      pong: (isReceived) => {
        if (isReceived) clearTimeout(unanswered);
      },
    },
  });

  /**
   * Follows a stream for as long as the page lives. graphql-ws sends the same payload again when it reconnects: the
   * cursor in it, which moves with each event, makes the stream go on where it was.
   * @param {Operation} operation its name is unique in the page
   * @param {{ next: (data: Record<string, any>) => void, refused: (why: string) => void }} take
   */
  const follow = (operation, { next, refused }) => {
    const tributary = {};
    positions.set(operation.operationName, tributary);
    const payload = { ...operation, extensions: { tributary } };
    const subscribe = () =>
      client.subscribe(payload, {
        next: (/** @type {Result} */ { data, extensions }) => {
          if (data) next(data);
          remember(operation.operationName, extensions?.tributary?.cursor);
        },
        error: (error) => (mayGoWell(error) ? again() : refused(messageOf(error))),
        complete: () => again(),
      });
    const again = () => setTimeout(subscribe, againAfter);
    subscribe();
  };
  return { follow };
};

/** @param {unknown} error errors of GraphQL; for the socket, what closed it */
const mayGoWell = (error) =>
  Array.isArray(error) && error.every(({ extensions }) => extensions?.retryable === true);

/** @param {unknown} error */
const messageOf = (error) => {
  if (Array.isArray(error)) return error.map(({ message }) => message).join(' ');
  return error instanceof CloseEvent ? `${error.code} ${error.reason}` : String(error);
};
