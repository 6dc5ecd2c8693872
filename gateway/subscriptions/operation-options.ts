import type { ErrorLog } from '../errors.ts';
import type { GatewayLimits } from '../limits.ts';
import type { SubscriptionCounters } from './counters.ts';
import type { NormalisedOperation } from './identity.ts';
import type { JoinBudget } from './join-budget.ts';
import type { SubscriptionPlan, SubscriptionPlanner } from './plan.ts';
import type { RingBudget } from './ring.ts';
import type { SharedUpstream } from './upstream/shared.ts';
import type { Slots } from './upstream/slots.ts';

/** What an operation needs of a subgraph. */
export interface Upstream {
  readonly shared: SharedUpstream;
  readonly slots: Slots;
}

/** How an operation is served by a generation. */
export interface Planned {
  readonly planner: SubscriptionPlanner;
  readonly plan: SubscriptionPlan;
}

export interface OperationOptions {
  readonly normalised: NormalisedOperation;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly planned: Planned;
  readonly upstreamOf: (plan: SubscriptionPlan) => Upstream;
  readonly budget: RingBudget;
  readonly joinBudget: JoinBudget;
  readonly limits: GatewayLimits;
  readonly counters: SubscriptionCounters;
  readonly logError: ErrorLog;
  /** Its subgraph refuses to go on: the time to move, if there is a newer generation. */
  readonly onRefused: () => void;
  /** Nobody can join any more. */
  readonly onClosed: () => void;
}
