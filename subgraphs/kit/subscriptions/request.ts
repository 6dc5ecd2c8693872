import type { ExecutionResult } from 'graphql';
import type { MaybePromise } from '../maybe-promise.ts';
import type { ServedStream } from '../topic-source.ts';
import type { Feed } from './feed.ts';
import type { Sent } from './sent.ts';
import type { StartRequest } from './start.ts';

export type ExecuteSent = (sent: readonly Sent[]) => MaybePromise<readonly ExecutionResult[]>;

export interface SubscriptionRequest {
  readonly stream: ServedStream;
  /** Coerced arguments of the root field. */
  readonly args: Readonly<Record<string, unknown>>;
  /** Equal for operations that give equal results: document, name, variables without the position (S15). */
  readonly identity: string;
  readonly start: StartRequest;
  /** Executes the operation for deliveries, in order; rejections become results with errors. */
  readonly execute: ExecuteSent;
  /** Called once, before the first result, with the cursor of the beginning, unless that result is a RESET; `snapshotDue`: see docs/protocol.md. */
  readonly onStart: (cursor: string, snapshotDue: boolean) => void;
  /** Called before a bounded operation completes, with the cursor of where it ends. */
  readonly onEnd: (cursor: string) => void;
  /** Takes live results while the client has got all that the iterator gave. Default: the iterator gives all. */
  readonly feed?: Feed;
}
