import { changeOfMeaning } from '../generation/same-answers.ts';
import { SubscriptionRefused } from '../generation/subscription.ts';
import { type NormalisedOperation, normalise } from './identity.ts';
import type { SubscriptionPlan, SubscriptionPlanner } from './plan.ts';

/** Whether an operation may go on in another generation, and how (S19). */
export type Judgement =
  | { readonly kind: 'MOVES'; readonly plan: SubscriptionPlan }
  /** `reason`: a sentence for clients. */
  | { readonly kind: 'ENDS'; readonly reason: string };

/** Judges by the schemas alone; which topic the root comes from, only the next upstream can tell. Takes a few milliseconds. */
export const judgeMove = (
  operation: NormalisedOperation,
  variables: Readonly<Record<string, unknown>>,
  from: SubscriptionPlanner,
  to: SubscriptionPlanner,
): Judgement => {
  const { document, name } = operation;
  const change = changeOfMeaning({ document, variables }, from.apiSchema, to.apiSchema);
  if (change !== null) return { kind: 'ENDS', reason: change };
  // An argument that is a position from now on was none: what it was given is part of what the operation means.
  if (normalise(to.apiSchema, document, operation.operation).text !== operation.text) {
    return { kind: 'ENDS', reason: `an argument of "${operation.field}" has another meaning.` };
  }
  try {
    return { kind: 'MOVES', plan: to.planSubscription({ document, operationName: name, variables }) };
  } catch (error) {
    if (!(error instanceof SubscriptionRefused)) throw error;
    return { kind: 'ENDS', reason: error.message };
  }
};
