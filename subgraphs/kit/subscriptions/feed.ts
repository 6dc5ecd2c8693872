import type { ExecutionResult } from 'graphql';

/** The way of live results to a client past the iterator of their operation. */
export interface Feed {
  /** The client is there and takes more; otherwise results wait in the operation's mailbox, which has a bound. */
  readonly isOpen: boolean;
  /** Sends a `next` with a payload as JSON. */
  next(payload: string): void;
}

/** A result that several gateways get is written once. */
const texts = new WeakMap<ExecutionResult, string>();

/** The payload of a `next`. `extensions` go last, as the execution leaves them (docs/protocol.md). */
export const payloadText = (result: ExecutionResult): string => {
  let text = texts.get(result);
  if (text === undefined) {
    text = JSON.stringify(result);
    texts.set(result, text);
  }
  return text;
};
