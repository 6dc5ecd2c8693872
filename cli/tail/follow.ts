import { setTimeout as wait } from 'node:timers/promises';
import { type Client, createClient, type FormattedExecutionResult, type SubscribePayload } from 'graphql-ws';
import { WebSocket } from 'ws';
import { SubscriptionRefused } from './refused.ts';

export interface FollowOptions {
  readonly url: string;
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  /** Takes an event; false when no more are wanted until `whenWritable` calls back. */
  readonly onEvent: (event: FormattedExecutionResult) => boolean;
  readonly whenWritable: (callback: () => void) => void;
  /** The connection was lost, or cannot be made; said once until it stands again. */
  readonly onTrouble: (what: string) => void;
  readonly onConnected: (again: boolean) => void;
  /** Ends it. */
  readonly signal: AbortSignal;
}

const longestPauseMs = 5_000;

/**
 * Follows a subscription with the stock client and comes back by itself after every loss, with the last cursor, so that
 * nothing is lost or told twice. Resolves when the server completes the operation, or `signal` aborts; rejects with
 * SubscriptionRefused when trying again is of no use.
 */
export const follow = async (options: FollowOptions): Promise<void> => {
  const position = new LastCursor();
  const payload: SubscribePayload = {
    query: options.query,
    variables: { ...options.variables },
    // Read by the client at each (re)subscribe: see LastCursor.
    extensions: { tributary: position },
  };
  const client = connect(options, position);
  try {
    for (let attempt = 0; !options.signal.aborted; attempt += 1) {
      const failure = await subscribeOnce(client, payload, options, position);
      if (failure === null) return;
      const refused = SubscriptionRefused.of(failure);
      if (refused !== null) throw refused;
      options.onTrouble(whatHappened(failure));
      await pause(attempt, options.signal);
    }
  } finally {
    // Rejects when it was about to connect in vain; there is nothing left to close then.
    void Promise.resolve(client.dispose()).catch(() => undefined);
  }
};

/** The cursor of the latest event or progress ping (S6, S10), as it goes into the subscribe payload; nothing before the first. */
class LastCursor {
  #cursor: string | undefined;

  /** Of an event's `extensions`. */
  readEvent(extensions: unknown): void {
    const cursor = property(property(extensions, 'tributary'), 'cursor');
    if (typeof cursor === 'string') this.#cursor = cursor;
  }

  /** Of a ping's payload `{ cursors: { operationId: cursor } }`: this client has one operation. */
  readPing(payload: unknown): void {
    const cursors = property(payload, 'cursors');
    const [cursor] = typeof cursors === 'object' && cursors !== null ? Object.values(cursors) : [];
    if (typeof cursor === 'string') this.#cursor = cursor;
  }

  toJSON(): { readonly cursor?: string } {
    return this.#cursor === undefined ? {} : { cursor: this.#cursor };
  }
}

const connect = (options: FollowOptions, position: LastCursor): Client => {
  let told = false;
  const trouble = (what: string): void => {
    if (!told && !options.signal.aborted) options.onTrouble(what);
    told = true;
  };
  return createClient({
    url: options.url,
    // Not the global one: this socket can be paused, so a terminal that stands still makes the gateway wait.
    webSocketImpl: WebSocket,
    retryAttempts: Number.POSITIVE_INFINITY,
    shouldRetry: () => true,
    retryWait: (retries) => pause(retries, options.signal),
    // A network that vanished sends no close; without an answer in this time the connection counts as lost.
    keepAlive: 15_000,
    connectionAckWaitTimeout: 10_000,
    on: {
      connected: (_socket, _payload, again) => {
        told = false;
        options.onConnected(again);
      },
      // 1000 is our own: the operation is over, or about to be sent again.
      closed: (event) => property(event, 'code') !== 1000 && trouble(whatHappened(event)),
      error: (error) => trouble(whatHappened(error)),
      ping: (received, payload) => received && position.readPing(payload),
      opened: (socket) => watchSilence(socket as WebSocket),
    },
  });
};

/** Ends a socket on which nothing came for 40 s: the gateway pings more often, and answers our pings. */
const watchSilence = (socket: WebSocket): void => {
  const silence = setTimeout(() => socket.terminate(), 40_000);
  socket.on('message', () => silence.refresh());
  socket.on('close', () => clearTimeout(silence));
};

/** Null when the operation completed or the signal aborted; else what ended it. */
const subscribeOnce = (
  client: Client,
  payload: SubscribePayload,
  options: FollowOptions,
  position: LastCursor,
): Promise<unknown> => {
  let socket: WebSocket | undefined;
  let paused = false;
  const stopListening = client.on('opened', (opened) => {
    socket = opened as WebSocket;
    paused = false;
  });
  const resume = (): void => {
    paused = false;
    socket?.resume();
  };
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const unsubscribe = client.subscribe<Record<string, unknown>, Record<string, unknown>>(payload, {
    next: (event) => {
      position.readEvent(event.extensions);
      // What the socket had read before its pause comes all the same.
      if (options.onEvent(event) || paused) return;
      paused = true;
      socket?.pause();
      options.whenWritable(resume);
    },
    error: (error) => resolve(error ?? new Error('the operation failed without a reason')),
    complete: () => resolve(null),
  });
  // Not by the client's own ending: while it waits to connect again, that comes late or never.
  const stop = (): void => {
    unsubscribe();
    resolve(null);
  };
  options.signal.addEventListener('abort', stop, { once: true });
  return promise.finally(() => {
    stopListening();
    // Paused, it would not hear that the server closes it, and hold the process for 30 s.
    resume();
    options.signal.removeEventListener('abort', stop);
  });
};

/** Grows to 5 s, with jitter so that many clients do not come back at the same moment. */
const pause = async (attempt: number, signal: AbortSignal): Promise<void> => {
  const ceiling = Math.min(longestPauseMs, 200 * 2 ** Math.min(attempt, 10));
  await wait(ceiling / 2 + (Math.random() * ceiling) / 2, undefined, { signal }).catch(() => undefined);
};

const whatHappened = (what: unknown): string => {
  const code = property(what, 'code');
  const reason = property(what, 'reason');
  if (typeof code === 'number') return `closed with ${code}${reason ? ` ${String(reason)}` : ''}`;
  const inner = property(what, 'error') ?? (Array.isArray(what) ? what[0] : what);
  const message = property(inner, 'message') || property(inner, 'code');
  return typeof message === 'string' ? message : String(what);
};

const property = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
