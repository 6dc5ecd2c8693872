/**
 * A few lines around stock clients, for browsers and Node, without a dependency: subscriptions that go on where they were.
 */
export { backOff, type Ending } from './backoff.ts';
export { resumableSse, type SseClientOptions, type SseResume } from './graphql-sse.ts';
export { resumable, type WebSocketClientOptions } from './graphql-ws.ts';
export type { Hooks, Operation, WireError } from './operation.ts';
