export type { SubscriptionCounters } from './counters.ts';
export {
  type EventPayload,
  encodeEvent,
  encodeStamp,
  type RecordPlace,
  type RingEntry,
  type Stamp,
} from './event.ts';
export type { AfterPositions, SubscriptionPlan, SubscriptionPlanner } from './plan.ts';
export type { Due, Outlet, StartPosition, Subscriber } from './subscriber.ts';
export { type SubscribeRequest, Subscriptions } from './subscriptions.ts';
