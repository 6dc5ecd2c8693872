/**
 * The closed set of errors. A new code does not compile until every mapping knows it.
 * Clients see `message` and `extensions.code`; the cause stays in the log.
 */
export const errorCodes = [
  'BAD_REQUEST',
  'BAD_USER_INPUT',
  'NOT_FOUND',
  'CONFLICT',
  'FORBIDDEN_ORIGIN',
  'CURSOR_INVALID',
  'CURSOR_EXPIRED',
  'NOT_YET',
  'VIEW_NOT_READY',
  'RECORD_UNREADABLE',
  'RECORD_REFUSED',
  'SUBGRAPH_UNAVAILABLE',
  'SUBGRAPH_TIMEOUT',
  'SUBGRAPH_FAILED',
  'UPSTREAM_GAP',
  'SUBSCRIPTION_INVALIDATED',
  'SLOW_CLIENT',
  'TOO_MANY_OPERATIONS',
  'DRAINING',
  'KAFKA_UNAVAILABLE',
  'TOPIC_MISMATCH',
  'SCHEMA_INVALID',
  'CONFIGURATION_INVALID',
  'INTERNAL',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

export interface ErrorMapping {
  /** HTTP status when the error ends a whole request. */
  readonly http: number;
  /** WebSocket close code when the error ends a whole socket. */
  readonly close: number;
  /** True when the same request may succeed later without a change. */
  readonly retryable: boolean;
  readonly cause: string;
  readonly cure: string;
}

const entry = (
  http: number,
  close: number,
  retryable: boolean,
  cause: string,
  cure: string,
): ErrorMapping => ({
  http,
  close,
  retryable,
  cause,
  cure,
});

export const errorMappings: Readonly<Record<ErrorCode, ErrorMapping>> = {
  BAD_REQUEST: entry(
    400,
    4400,
    false,
    'The message or request has not the form that the protocol asks for.',
    'Send what the protocol describes; stock clients do.',
  ),
  BAD_USER_INPUT: entry(
    200,
    4400,
    false,
    'An argument has a value that the field cannot take.',
    'Correct the argument that the message names.',
  ),
  NOT_FOUND: entry(
    200,
    4404,
    false,
    'Nothing has the key that a mutation names, or nothing is at the path of a request.',
    'Check the key, since a record may not have arrived yet, or the path: GraphQL is at /graphql.',
  ),
  CONFLICT: entry(
    200,
    4409,
    false,
    'The row changed since it was read, or its state does not allow the change.',
    'Read the row again, then decide.',
  ),
  FORBIDDEN_ORIGIN: entry(
    403,
    4403,
    false,
    'The Origin or Host of the request is not on the allow-list.',
    'Add it to gateway.origins or gateway.hosts.',
  ),
  CURSOR_INVALID: entry(
    200,
    4400,
    false,
    'The cursor was not made by Tributary, or is damaged.',
    'Subscribe without it, or from EARLIEST, LATEST or a time.',
  ),
  CURSOR_EXPIRED: entry(
    200,
    4410,
    false,
    'Kafka no longer holds what followed the cursor, or the topic was made again.',
    'Go on from the earliest cursor that the error carries, or from a time.',
  ),
  NOT_YET: entry(
    200,
    4425,
    true,
    'This replica has not read as far as the position that was asked for.',
    'Try again; the replica is catching up.',
  ),
  VIEW_NOT_READY: entry(
    503,
    1013,
    true,
    'The view is still being filled from its topic.',
    'Try again when /health/ready answers 200.',
  ),
  RECORD_UNREADABLE: entry(
    200,
    4422,
    false,
    'The latest record of this key cannot be decoded.',
    'Look into the dead-letter topic, then write a good record for the key.',
  ),
  RECORD_REFUSED: entry(
    200,
    4422,
    false,
    'Kafka did not accept the record.',
    'The message has the reason; nothing was written.',
  ),
  SUBGRAPH_UNAVAILABLE: entry(
    200,
    1013,
    true,
    'A subgraph does not answer.',
    'Other fields are answered; this one comes back with its subgraph.',
  ),
  SUBGRAPH_TIMEOUT: entry(
    200,
    1013,
    true,
    'A subgraph did not answer before the deadline.',
    'Try again; look at the load of the subgraph.',
  ),
  SUBGRAPH_FAILED: entry(
    200,
    4500,
    false,
    'A subgraph answered with an error, or with something that is not GraphQL.',
    'Look into the log of the subgraph.',
  ),
  UPSTREAM_GAP: entry(
    200,
    4500,
    false,
    'An upstream without cursors broke, so events may be missing.',
    'Read the state again by a query.',
  ),
  SUBSCRIPTION_INVALIDATED: entry(
    200,
    4410,
    false,
    'The schema changed the meaning of a selected field.',
    'Subscribe again with an operation of the new schema.',
  ),
  SLOW_CLIENT: entry(
    200,
    1013,
    true,
    'The client reads slower than events arrive, and its buffer is full.',
    'Subscribe again with the last cursor; select fewer fields or a narrower filter.',
  ),
  TOO_MANY_OPERATIONS: entry(
    429,
    4429,
    true,
    'The client has more operations, or its address more connections or streams, than the limit.',
    'End some, or raise gateway.limits.',
  ),
  DRAINING: entry(
    503,
    1012,
    true,
    'The process is about to stop.',
    'Connect again; another replica answers.',
  ),
  KAFKA_UNAVAILABLE: entry(503, 1013, true, 'No broker answers.', 'Check kafka.brokers and the cluster.'),
  TOPIC_MISMATCH: entry(
    500,
    1011,
    false,
    'The topic differs from what the SDL declares.',
    'Change the topic or the declaration; the message has both.',
  ),
  SCHEMA_INVALID: entry(
    500,
    1011,
    false,
    'The SDL has mistakes.',
    'Each is listed with file, line and cure.',
  ),
  CONFIGURATION_INVALID: entry(
    500,
    1011,
    false,
    'The configuration has mistakes.',
    'Each is listed with its place and cure.',
  ),
  INTERNAL: entry(
    500,
    1011,
    false,
    'A fault of Tributary itself; details are in the log under the error id.',
    'Report it with the error id.',
  ),
};

export interface TributaryErrorOptions {
  readonly cause?: unknown;
  /** Added to `extensions` beside the code; must be safe for clients. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** An error whose code and message are safe for clients. `extensions` is what graphql-js puts on the wire. */
export class TributaryError extends Error {
  readonly code: ErrorCode;
  readonly extensions: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: TributaryErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'TributaryError';
    this.code = code;
    this.extensions = {
      ...options.details,
      code,
      ...(errorMappings[code].retryable ? { retryable: true } : {}),
    };
  }
}
