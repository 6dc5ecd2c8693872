import { type NormalisedOperation, positionArgument, withPosition } from './identity.ts';
import type { SubscriptionPlan, SubscriptionPlanner } from './plan.ts';
import type { CatchUpPosition } from './start-position.ts';

type From = Extract<CatchUpPosition, { readonly kind: 'FROM' }>;

interface Operation {
  readonly normalised: NormalisedOperation;
  readonly variables: Readonly<Record<string, unknown>>;
}

/**
 * The operation with a position written in, as `served` has it: the generation that the operation is served by. A position
 * that only the `next` one knows is asked for there. Throws SubscriptionRefused when neither can plan it.
 */
export const planFrom = (
  { normalised, variables }: Operation,
  { argument, text }: From,
  served: SubscriptionPlanner,
  next: SubscriptionPlanner,
): SubscriptionPlan => {
  const isKnown = positionArgument(served.apiSchema, normalised.field) === argument;
  return (isKnown ? served : next).planSubscription({
    document: withPosition(normalised, argument, text),
    operationName: normalised.name,
    variables,
  });
};
