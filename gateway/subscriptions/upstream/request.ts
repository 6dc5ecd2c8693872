import type { SubscriptionPlan } from '../plan.ts';
import type { UpstreamRequest } from './socket.ts';

/** What a live operation asks its subgraph for: all behind a cursor; without one, from now on. */
export const liveRequest = (plan: SubscriptionPlan, cursor: string | null): UpstreamRequest => ({
  query: plan.document,
  variables: plan.variables,
  ...(plan.operationName === undefined ? {} : { operationName: plan.operationName }),
  extensions: { tributary: { ...(cursor === null ? { live: true } : { cursor }), positions: true } },
});

/** Whether two plans of one operation ask the same. Its variables do not change, so the document decides which it sends. */
export const asksTheSame = (a: SubscriptionPlan, b: SubscriptionPlan): boolean =>
  a.subgraph.name === b.subgraph.name &&
  a.subgraph.url === b.subgraph.url &&
  a.document === b.document &&
  a.operationName === b.operationName;
