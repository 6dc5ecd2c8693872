export { createGeneration, type Generation } from './generation/generation.ts';
export { defaultLimits, type GatewayLimits, readLimits } from './limits.ts';
export type { Page } from './pages.ts';
export { type GatewayOptions, type RunningGateway, startGateway } from './server.ts';
export type { SubscriptionCounters } from './subscriptions/index.ts';
export type { UsageSink } from './usage/sink.ts';
