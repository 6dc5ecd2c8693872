import { createSourceEventStream, type ExecutionArgs, type ExecutionResult, execute } from 'graphql';
import type { RequestContext } from '../context.ts';

export interface OwnSubscriptionOptions {
  readonly operation: Omit<ExecutionArgs, 'rootValue' | 'contextValue'>;
  /** For the resolver that gives the values, as long as the client stays. */
  readonly lastingContext: () => RequestContext;
  /** For each value: one for all would answer later ones from the rows that it read for the first. */
  readonly context: () => RequestContext;
  readonly mask: (result: ExecutionResult) => ExecutionResult;
}

/** A subscription that the author's own resolver gives: the Subscribe algorithm of the specification, with our contexts. */
export const subscribeOwn = async ({
  operation,
  lastingContext,
  context,
  mask,
}: OwnSubscriptionOptions): Promise<AsyncIterableIterator<ExecutionResult, void> | ExecutionResult> => {
  const source = await createSourceEventStream({ ...operation, contextValue: lastingContext() });
  if (!(Symbol.asyncIterator in source)) return mask(source);
  const events = source[Symbol.asyncIterator]();
  const finished = { done: true, value: undefined } as const;
  const results: AsyncIterableIterator<ExecutionResult, void> = {
    [Symbol.asyncIterator]: () => results,
    next: async () => {
      const event = await events.next();
      if (event.done === true) return finished;
      const result = await execute({ ...operation, rootValue: event.value, contextValue: context() });
      return { done: false, value: mask(result) };
    },
    return: async () => {
      await events.return?.();
      return finished;
    },
    throw: async (error) => {
      await events.return?.();
      throw error;
    },
  };
  return results;
};
