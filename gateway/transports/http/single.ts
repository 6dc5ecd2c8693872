import type { ExecutionResult } from 'graphql';
import { type Due, encodeEvent } from '../../subscriptions/index.ts';
import type { Source } from '../attached.ts';

/** The answer of a query or mutation as a stream of one event. */
export const singleSource = (result: ExecutionResult): Source => {
  const entry = encodeEvent(result, { at: null, cursor: null, gap: false });
  const due: Due[] = [
    { kind: 'EVENT', entry, stamp: null, cursor: null },
    { kind: 'END', errors: null },
  ];
  return {
    closing: null,
    losesNothing: false,
    pull: () => due.shift() ?? null,
    takeStart: () => null,
    takeProgress: () => null,
    stop: () => undefined,
  };
};
