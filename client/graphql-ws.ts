import { backOff } from './backoff.ts';
import type { Hooks } from './operation.ts';
import { Operations } from './operations.ts';
import { resumableSocket, type SocketConstructor } from './socket.ts';

/** Those options of graphql-ws's `createClient` that matter here; each is graphql-ws's own. */
export interface WebSocketClientOptions {
  readonly url: unknown;
  readonly webSocketImpl?: unknown;
  readonly retryAttempts?: number;
  readonly retryWait?: (retries: number) => Promise<void>;
  readonly shouldRetry?: (errOrCloseEvent: unknown) => boolean;
  readonly keepAlive?: number;
  readonly connectionAckWaitTimeout?: number;
  readonly on?: object;
}

/** Milliseconds. */
const pingEvery = 10_000;
const ackWithin = 10_000;

/**
 * Options for graphql-ws's `createClient`, with which its subscriptions lose nothing and are told nothing twice: each goes
 * on after its last cursor when the connection was lost, and asks again when the server cannot serve it yet. It never
 * gives up, but for errors of the operation that are not retryable, and closes that say that what was sent is wrong.
 * GraphQLWsLink of Apollo Client and subscriptionExchange of urql take the client that is made with them.
 *
 * What is given stays, but for `webSocketImpl`, which is built upon. Defaults that differ from graphql-ws's own:
 * `retryAttempts` without end, `retryWait` 0.2 to 10 s, `shouldRetry` for all that may pass, `connectionAckWaitTimeout`
 * 10 s, and `keepAlive` 10 s. A connection on which a ping gets no answer for as long as `keepAlive` is given up.
 */
export const resumable = <Options extends WebSocketClientOptions>(
  options: Options,
  hooks: Hooks = {},
): Options => {
  const operations = new Operations(hooks);
  const {
    webSocketImpl = globalThis.WebSocket,
    retryWait: pause = (attempt: number) => backOff(attempt),
    keepAlive = pingEvery,
  } = options;
  if (typeof webSocketImpl !== 'function')
    throw new TypeError(
      'This platform has no WebSocket. Give one as webSocketImpl, for example that of the package ws.',
    );
  const { message: told, ...on } = (options.on ?? {}) as { readonly message?: (message: unknown) => void };
  return {
    connectionAckWaitTimeout: ackWithin,
    retryAttempts: Number.POSITIVE_INFINITY,
    shouldRetry: mayPass,
    // graphql-ws counts anew at each connection, even at one that serves nothing.
    retryWait: () => pause(operations.nextAttempt()),
    ...options,
    keepAlive,
    webSocketImpl: resumableSocket(webSocketImpl as SocketConstructor, {
      operations,
      answerMs: keepAlive,
      pause,
    }),
    on: {
      ...on,
      message: (message: unknown) => {
        operations.received(message);
        told?.(message);
      },
    },
  };
};

/** By graphql-transport-ws and by the errors of Tributary, what was sent is wrong when a close has one of these codes. */
const mayPass = (closeOrError: unknown): boolean => {
  const code = (closeOrError as { readonly code?: unknown } | null)?.code;
  return typeof code !== 'number' || code < 4400 || code > 4498 || busy.has(code);
};

/** Too slow to begin, a view that is not as far yet, too many at once. */
const busy = new Set([4408, 4425, 4429]);
