import type { Generation } from '../generation/generation.ts';

export type { AfterPositions } from '../execution/after.ts';
export type { SubscriptionPlan } from '../generation/subscription.ts';

/** What the subscriptions need of a generation. */
export type SubscriptionPlanner = Pick<Generation, 'id' | 'apiSchema' | 'planSubscription'>;
