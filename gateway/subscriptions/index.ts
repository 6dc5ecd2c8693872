export type { SubscriptionCounters } from './counters.ts';
export type { RingEntry } from './event.ts';
export type { Due, Outlet, Subscriber } from './subscriber.ts';
export { type SubscribeRequest, Subscriptions } from './subscriptions.ts';
