export type { SubscriptionCounters } from './counters.ts';
export { encodeEvent, type RingEntry } from './event.ts';
export type { Due, DueEvent, Outlet, Subscriber } from './subscriber.ts';
export { type SubscribeRequest, Subscriptions } from './subscriptions.ts';
