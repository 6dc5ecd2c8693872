export type { ClientQuota } from '../policies/client-quota.ts';
export type { SubscriptionCounters } from './counters.ts';
export { type DueEvent, encodeEvent, type RingEntry } from './event.ts';
export type { Due, Outlet, Subscriber } from './subscriber.ts';
export { type SubscribeRequest, Subscriptions } from './subscriptions.ts';
