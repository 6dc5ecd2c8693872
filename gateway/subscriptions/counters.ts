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
  /** Private catch-ups that are running. */
  catchUps: number;
  catchUpsOpened: number;
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
  catchUps: 0,
  catchUpsOpened: 0,
  ringJoins: 0,
  executions: 0,
  deliveries: 0,
  slowClients: 0,
  ringBytes: 0,
  streams: 0,
  streamsRefused: 0,
});
