import { type Client, createClient, type FormattedExecutionResult } from 'graphql-ws';
import { WebSocket } from 'ws';
import { backOff, resumable } from '../../client/index.ts';
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

/**
 * Follows a subscription with the stock client, which comes back by itself after every loss, so that nothing is lost or
 * told twice. Resolves when the server completes the operation, or `signal` aborts; rejects with SubscriptionRefused when
 * trying again is of no use.
 */
export const follow = async (options: FollowOptions): Promise<void> => {
  const client = connect(options);
  try {
    await subscribe(client, options);
  } finally {
    // Rejects when it was about to connect in vain; there is nothing left to close then.
    void Promise.resolve(client.dispose()).catch(() => undefined);
  }
};

const connect = (options: FollowOptions): Client => {
  let told = false;
  const trouble = (what: string): void => {
    if (!told && !options.signal.aborted) options.onTrouble(what);
    told = true;
  };
  const given = {
    url: options.url,
    // Not the global one: this socket can be paused, so a terminal that stands still makes the gateway wait.
    webSocketImpl: WebSocket,
    keepAlive: 20_000,
    retryWait: (retries: number): Promise<void> => backOff(retries, options.signal),
    on: {
      connected: (_socket: unknown, _payload: unknown, again: boolean): void => {
        told = false;
        options.onConnected(again);
      },
      // 1000 is our own: the operation is over.
      closed: (event: unknown): void => {
        if (property(event, 'code') !== 1000) trouble(whatHappened(event));
      },
      error: (error: unknown): void => trouble(whatHappened(error)),
    },
  };
  return createClient(resumable(given, { onRetry: (errors) => trouble(whatHappened(errors)) }));
};

/** Resolves when the operation is over or the signal aborted. */
const subscribe = (client: Client, options: FollowOptions): Promise<void> => {
  let socket: WebSocket | undefined;
  let paused = false;
  client.on('opened', (opened) => {
    socket = opened as WebSocket;
    paused = false;
  });
  const resume = (): void => {
    paused = false;
    socket?.resume();
  };
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const { query, variables } = options;
  const unsubscribe = client.subscribe<Record<string, unknown>, Record<string, unknown>>(
    { query, variables: { ...variables } },
    {
      next: (event) => {
        // What the socket had read before its pause comes all the same.
        if (options.onEvent(event) || paused) return;
        paused = true;
        socket?.pause();
        options.whenWritable(resume);
      },
      error: (error) => reject(new SubscriptionRefused(whatHappened(error))),
      complete: resolve,
    },
  );
  // Not by the client's own ending: while it waits to connect again, that comes late or never.
  const stop = (): void => {
    unsubscribe();
    resolve();
  };
  options.signal.addEventListener('abort', stop, { once: true });
  return promise.finally(() => {
    // Paused, it would not hear that the server closes it, and hold the process for 30 s.
    resume();
    options.signal.removeEventListener('abort', stop);
  });
};

/** Of errors of GraphQL, of what closed the socket, or of what kept it from opening. */
const whatHappened = (what: unknown): string => {
  if (Array.isArray(what)) return what.map(described).join('\n');
  const code = property(what, 'code');
  const reason = property(what, 'reason');
  if (typeof code === 'number') return `closed with ${code}${reason ? ` ${String(reason)}` : ''}`;
  const inner = property(what, 'error') ?? what;
  const message = property(inner, 'message') || property(inner, 'code');
  return typeof message === 'string' ? message : String(what);
};

const described = (error: unknown): string => {
  const code = property(property(error, 'extensions'), 'code');
  const message = String(property(error, 'message'));
  return typeof code === 'string' ? `${code}: ${message}` : message;
};

const property = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
