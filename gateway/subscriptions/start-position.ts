import type { Cursor } from '../../schema/cursor/cursor.ts';
import type { SubscriptionPlan } from './plan.ts';

/**
 * Where a client wants to begin (S7); without one: a snapshot where the field has one, else from now on.
 */
export type StartPosition =
  | { readonly kind: 'CURSOR'; readonly text: string; readonly cursor: Cursor }
  /** `plan`: of the operation with this position written in. */
  | { readonly kind: 'FROM'; readonly plan: SubscriptionPlan }
  /** From now on, without a snapshot. */
  | { readonly kind: 'LATEST' };

/** One that the subgraph is asked for; null: the snapshot. */
export type CatchUpPosition = Exclude<StartPosition, { readonly kind: 'LATEST' }> | null;
