import { backOff } from './backoff.ts';
import { followEvents, type StreamEvent } from './event-stream.ts';
import {
  after,
  type Hooks,
  isObject,
  isRepeatable,
  type Operation,
  property,
  retryable,
  type WireError,
} from './operation.ts';

/** Those options of graphql-sse's `createClient` that matter here; each is graphql-sse's own. */
export interface SseClientOptions {
  readonly url: unknown;
  readonly singleConnection?: boolean;
  readonly fetchFn?: unknown;
  readonly retryAttempts?: number;
  readonly retry?: (retries: number) => Promise<void>;
}

export interface SseResume extends Hooks {
  /** Milliseconds without a byte, after which a connection counts as lost. Default 40,000; the gateway's heart beats every 12 s. */
  readonly silenceMs?: number;
}

/** How far a subscription is; by its signal, which graphql-sse keeps for all its attempts. */
interface Position {
  cursor: string | undefined;
}

/**
 * Options for graphql-sse's `createClient`, with which its subscriptions lose nothing and are told nothing twice: the same
 * as `resumable` does for graphql-ws. For "distinct connections mode", the one that the gateway speaks.
 *
 * What is given stays, but for `fetchFn`, which is called with the cursor in the request. Defaults that differ from
 * graphql-sse's own: `retryAttempts` without end and `retry` 0.2 to 10 s. A status other than 200 with GraphQL errors that
 * are not retryable is told as a result with `errors`, as the gateway tells of an operation that it refuses.
 */
export const resumableSse = <Options extends SseClientOptions>(
  options: Options,
  { silenceMs = 40_000, ...hooks }: SseResume = {},
): Options => {
  const positions = new WeakMap<AbortSignal, Position>();
  const request = (options.fetchFn ?? fetch) as (url: string, init: RequestInit) => Promise<Response>;
  return {
    retryAttempts: Number.POSITIVE_INFINITY,
    retry: (retries: number) => backOff(retries),
    ...options,
    fetchFn: async (url: string, init: RequestInit): Promise<Response> => {
      const { body, signal } = init;
      if (typeof body !== 'string' || !signal) return request(url, init);
      const operation: Operation = JSON.parse(body);
      const position = positions.get(signal) ?? { cursor: undefined };
      positions.set(signal, position);
      const { cursor } = position;
      const response = await request(url, {
        ...init,
        body: cursor === undefined ? body : JSON.stringify(after(cursor, operation)),
      });
      if (!response.ok) return refused(response);
      if (response.body === null) return response;
      const take = taking(operation, position, hooks);
      return new Response(followEvents(response.body, { take, silenceMs }), response);
    },
  };
};

/** Notes what each event says of the position; an error where it says that the operation may go well later. */
const taking =
  (operation: Operation, position: Position, hooks: Hooks) =>
  ({ event, id, data }: StreamEvent): Error | null => {
    const errors = event === 'next' && isRepeatable(operation) ? passingErrors(data) : null;
    if (errors !== null) {
      hooks.onRetry?.(errors, operation);
      return new Error(errors[0]?.message);
    }
    if (id !== undefined && event !== 'complete') {
      position.cursor = id;
      // When graphql-sse has told the event.
      setTimeout(() => hooks.onCursor?.(id, operation));
    }
    return null;
  };

/** Errors that are no event's and may pass: those of an event stand beside its data. */
const passingErrors = (data: string | undefined): readonly WireError[] | null => {
  if (!data?.startsWith('{"errors"')) return null;
  const result: unknown = JSON.parse(data);
  return isObject(result) && !('data' in result) ? retryable(result.errors) : null;
};

/** graphql-sse takes any status but 200 for a fault of the network, and asks again: right, but for what stays refused. */
const refused = async (response: Response): Promise<Response> => {
  const answer: unknown = await response
    .clone()
    .json()
    .catch(() => null);
  const errors = property(answer, 'errors');
  if (!Array.isArray(errors) || retryable(errors) !== null) return response;
  return new Response(`event: next\ndata: ${JSON.stringify({ errors })}\n\nevent: complete\ndata:\n\n`);
};
