/** What the subscriptions of a process did and hold; read by tests and metrics. */
export interface SubscriptionCounters {
  /** Distinct operations that are live. */
  operations: number;
  /** Clients on them. */
  subscribers: number;
  /** Shared upstream subscriptions that are live. */
  upstreams: number;
  /** Shared upstream subscriptions that were ever sent, those after a loss included. */
  upstreamsOpened: number;
  /** Times that an operation left the socket that it shares with others since its joins were slow. */
  slowOperations: number;
  /** Times that an operation went on in a newer generation (S19). */
  moves: number;
  /** Operations that are still to move to the present generation. */
  movesPending: number;
  /** Operations that could not, and ended with SUBSCRIPTION_INVALIDATED. */
  movesRefused: number;
  /** Private upstreams for what lies between a client and the shared stream that are running or wait for their turn. */
  catchUps: number;
  /** Those that were ever made: what a storm of clients costs the subgraphs. */
  catchUpsOpened: number;
  /** Clients that joined one that was there. */
  catchUpsShared: number;
  /** Clients that had to wait for the end of a catch-up of their own (gateway.limits.catchUpsPerClient). */
  catchUpsQueued: number;
  /** Bytes that clients took of catch-ups, and of what they had missed in the ring. */
  replayedBytes: number;
  /** Times that a client was slowed down (gateway.limits.replayBytesPerMinute). */
  replaysSlowed: number;
  /** Operations that were refused since their client had too many. */
  operationsRefused: number;
  /** Websockets that were refused since there were too many. */
  socketsRefused: number;
  /** Connections that were refused since their address had too many. */
  connectionsRefused: number;
  /** Clients that joined by what the ring still held. */
  ringJoins: number;
  /** Events executed for shared operations: once each, whatever the number of clients. */
  executions: number;
  /** Events handed to clients. */
  deliveries: number;
  /** Clients that fell off their ring, or took nothing for too long. */
  slowClients: number;
  /** Bytes of all rings. */
  ringBytes: number;
  /** SSE and multipart responses that are open. */
  streams: number;
  /** Those that were refused since there were too many. */
  streamsRefused: number;
}

export const newCounters = (): SubscriptionCounters => ({
  operations: 0,
  subscribers: 0,
  upstreams: 0,
  upstreamsOpened: 0,
  slowOperations: 0,
  moves: 0,
  movesPending: 0,
  movesRefused: 0,
  catchUps: 0,
  catchUpsOpened: 0,
  catchUpsShared: 0,
  catchUpsQueued: 0,
  replayedBytes: 0,
  replaysSlowed: 0,
  operationsRefused: 0,
  socketsRefused: 0,
  connectionsRefused: 0,
  ringJoins: 0,
  executions: 0,
  deliveries: 0,
  slowClients: 0,
  ringBytes: 0,
  streams: 0,
  streamsRefused: 0,
});
