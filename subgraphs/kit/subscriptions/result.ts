import type { ExecutionResult } from 'graphql';
import { CursorEncoder } from '../../../schema/cursor/index.ts';
import type { Position } from '../../../schema/position.ts';
import { isPromise } from '../maybe-promise.ts';
import type { ExecuteSent, SubscriptionRequest } from './request.ts';
import type { Sent } from './sent.ts';
import { hashOf } from './start.ts';

export interface ResultMaker {
  /** Executes, and puts `extensions.tributary` on each result (S6). */
  readonly execute: ExecuteSent;
  /** `time`: see `Sent`. */
  cursor(position: Position, snapshotUntil: Position | null, time?: number): string;
}

export const resultMaker = ({ stream, args, execute }: SubscriptionRequest): ResultMaker => {
  const { clusterId, topicId } = stream.source.topic;
  const encoder = new CursorEncoder({ clusterId, topicId, filterHash: hashOf(stream, args) });
  const cursor: ResultMaker['cursor'] = (position, snapshotUntil, time = Date.now()) =>
    encoder.encode({ position, epochs: stream.source.epochs, time, snapshotUntil });
  return {
    cursor,
    execute: (sent) => {
      const stamped = (results: readonly ExecutionResult[]): readonly ExecutionResult[] =>
        results.map((result, index) => withPosition(result, sent[index], cursor));
      const results = execute(sent);
      return isPromise(results) ? results.then(stamped) : stamped(results);
    },
  };
};

const withPosition = (
  result: ExecutionResult,
  sent: Sent | undefined,
  cursor: ResultMaker['cursor'],
): ExecutionResult =>
  sent === undefined
    ? result
    : {
        ...result,
        extensions: {
          ...result.extensions,
          tributary: { at: sent.delivery.at, cursor: cursor(sent.position, sent.snapshotUntil, sent.time) },
        },
      };
