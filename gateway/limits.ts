import { TributaryError } from '../schema/errors.ts';

/** Every bound of the gateway, with its unit. What happens at the bound stands behind each. */
export interface GatewayLimits {
  /** Websockets of the process; one more is refused with 503. */
  readonly sockets: number;
  /** Connections of one address, whatever they are for; one more is answered with 429 and closed. Behind a proxy that is the proxy's: raise it there. */
  readonly connectionsPerAddress: number;
  /** Operations of one websocket; one more is answered with TOO_MANY_OPERATIONS. */
  readonly operationsPerSocket: number;
  /** Bytes of one message from a client; a larger one closes the socket with 1009. */
  readonly messageBytes: number;
  /** Bytes that wait for a client besides its events (answers, pongs); beyond it the socket closes with 1013. */
  readonly unsentBytes: number;
  /** Milliseconds until `connection_init`; then the socket closes with 4408. */
  readonly connectionInitMs: number;
  /** Milliseconds between heartbeats; a websocket that answers none of them, or a stream that takes none, is terminated. A websocket that has sent a message since the last one gets none. */
  readonly heartbeatMs: number;
  /** Milliseconds between pings with cursors that moved without an event (S10). On websockets a cursor that moves all the time is told every fourth time. */
  readonly progressMs: number;
  /** SSE and multipart streams of the process; one more is answered with TOO_MANY_OPERATIONS. */
  readonly streams: number;
  /** The same for one address. Behind a proxy that is the proxy's: raise it there. */
  readonly streamsPerAddress: number;
  /** Milliseconds until a request has come whole, headers and body; then 408, and the connection is closed. */
  readonly requestMs: number;
  /** Bytes of an HTTP body; a larger one is answered with 413. */
  readonly bodyBytes: number;
  /** Tokens of a document; a larger one is refused before it is parsed to its end. */
  readonly documentTokens: number;
  /** Fields below each other in an operation, its fragments written out; a deeper one is refused. */
  readonly documentDepth: number;
  /** Fields of an operation, its fragments written out; a larger one is refused. */
  readonly documentFields: number;
  /** Fields of an operation with an alias, its fragments written out; one with more is refused. */
  readonly documentAliases: number;
  /** Ways to one field that planning compares: by each subgraph that has the field, times those of the fields above it. An operation with more is refused; one with many takes seconds, in which nothing else goes on. */
  readonly planOptions: number;
  /**
   * Bytes of memory, estimated, of the operations that are kept compiled (documents, plans, shapes, generated code), of one
   * supergraph. The least recently used one goes; who uses it goes on, and who asks it again has it compiled again.
   */
  readonly compiledBytes: number;
  /**
   * Bytes of serialised events kept for one operation, and for each of its catch-ups. Whoever falls behind is closed with
   * SLOW_CLIENT (S20); in a catch-up it goes on by one of its own.
   */
  readonly ringBytes: number;
  /** The same for the process; the largest rings give way first. */
  readonly ringBytesTotal: number;
  /**
   * Bytes of an operation's events that wait for their join. Beyond it the operation leaves the upstream socket that it
   * shares, and goes on at its last cursor when half of them are gone; without cursors, the socket is paused.
   */
  readonly pendingBytes: number;
  /**
   * Batches of an operation's events that are joined at a time, each by one call of at most 500 entities; what comes then
   * waits, in ever larger batches.
   */
  readonly joinsPerOperation: number;
  /** Of these, those beside the first one of each operation, in the process; beyond it an operation waits for its own. */
  readonly joinsBeside: number;
  /** Private catch-ups of one subgraph at a time; others wait (S13), and one whose clients read slowly makes room for them. */
  readonly catchUpsPerSubgraph: number;
  /** Milliseconds that a catch-up waits for its turn; then SUBGRAPH_TIMEOUT. */
  readonly catchUpQueueMs: number;
  /** Bytes of caught-up events that wait for the fastest of their clients; beyond it the private socket is paused. */
  readonly catchUpBytes: number;
  /** Milliseconds for which a client may take nothing of what it is to catch up; then SLOW_CLIENT, after twice as long at the latest. */
  readonly catchUpStallMs: number;
  /** Milliseconds for which what was caught up is kept for clients to come; then, or when memory is short, it is dropped. */
  readonly catchUpKeptMs: number;
  /** Operations of one websocket that catch up at a time; others wait for their end (S29). An HTTP stream has one operation. */
  readonly catchUpsPerClient: number;
  /** Bytes that one websocket or HTTP stream may catch up in a minute, snapshots and what the ring still held included; beyond it it is slowed down (S29). */
  readonly replayBytesPerMinute: number;
  /** Milliseconds until a subgraph has said where a new operation begins; then SUBGRAPH_UNAVAILABLE, or what it answered. */
  readonly upstreamStartMs: number;
  /** Milliseconds that a client's cursor may stay ahead of the stream; then NOT_YET (S11). */
  readonly aheadMs: number;
  /** Milliseconds between pings to a subgraph; one that sends nothing for twice as long is taken for dead. */
  readonly upstreamPingMs: number;
  /** Bytes of one message from a subgraph; a larger one ends its operation with SUBGRAPH_FAILED, one four times as large the socket. */
  readonly upstreamMessageBytes: number;
  /** Longest pause between two attempts to reach a subgraph, milliseconds. */
  readonly reconnectMs: number;
  /** Milliseconds over which live operations move to a new generation (S19); few of them take less. */
  readonly generationMoveMs: number;
  /** Milliseconds over which clients are closed when the gateway stops (S21); few of them take less. */
  readonly drainMs: number;
  /** Milliseconds for which usage is counted before it is written (gateway.usage). */
  readonly usageMs: number;
  /** Operations counted in that time, each by client and version; further ones are counted together, without names. */
  readonly usageOperations: number;
  /** Bytes of usage that wait for a file or topic which takes none; the oldest of it is lost. */
  readonly usageWaitingBytes: number;
  /** Bytes of the file of usage; then it becomes an old one. */
  readonly usageFileBytes: number;
  /** Old files of usage; the oldest is overwritten. */
  readonly usageFiles: number;
}

export const defaultLimits: GatewayLimits = {
  sockets: 20_000,
  connectionsPerAddress: 15_000,
  operationsPerSocket: 100,
  messageBytes: 64 * 1024,
  unsentBytes: 1024 * 1024,
  connectionInitMs: 10_000,
  heartbeatMs: 12_000,
  progressMs: 5_000,
  streams: 10_000,
  streamsPerAddress: 1_000,
  requestMs: 30_000,
  bodyBytes: 1024 * 1024,
  documentTokens: 10_000,
  documentDepth: 25,
  documentFields: 2_000,
  documentAliases: 100,
  planOptions: 256,
  compiledBytes: 128 * 1024 * 1024,
  ringBytes: 4 * 1024 * 1024,
  ringBytesTotal: 256 * 1024 * 1024,
  pendingBytes: 16 * 1024 * 1024,
  joinsPerOperation: 8,
  joinsBeside: 32,
  catchUpsPerSubgraph: 16,
  catchUpQueueMs: 30_000,
  catchUpBytes: 1024 * 1024,
  catchUpStallMs: 30_000,
  catchUpKeptMs: 30_000,
  catchUpsPerClient: 4,
  replayBytesPerMinute: 256 * 1024 * 1024,
  upstreamStartMs: 15_000,
  aheadMs: 15_000,
  upstreamPingMs: 10_000,
  upstreamMessageBytes: 16 * 1024 * 1024,
  reconnectMs: 5_000,
  generationMoveMs: 10_000,
  drainMs: 2_000,
  usageMs: 60_000,
  usageOperations: 10_000,
  usageWaitingBytes: 16 * 1024 * 1024,
  usageFileBytes: 64 * 1024 * 1024,
  usageFiles: 5,
};

/** Fills in the defaults. Throws CONFIGURATION_INVALID for what is no positive whole number, and for unknown names. */
export const readLimits = (given: Partial<GatewayLimits> = {}): GatewayLimits => {
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(defaultLimits, name)) {
      throw new TributaryError(
        'CONFIGURATION_INVALID',
        `gateway.limits.${name} is not a limit; see gateway/limits.ts.`,
      );
    }
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new TributaryError(
        'CONFIGURATION_INVALID',
        `gateway.limits.${name} is ${String(value)}; it must be a whole number above 0.`,
      );
    }
  }
  return { ...defaultLimits, ...given };
};
