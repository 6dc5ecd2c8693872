import type { ExecutionResult } from 'graphql';

/** The way of live results to a client past the iterator of their operation. */
export interface Feed {
  /** The client is there and takes more; otherwise results wait in the operation's mailbox, which has a bound. */
  readonly isOpen: boolean;
  /** Sends a `next` with a payload as JSON. */
  next(payload: string): void;
}

/** Data that is for several operations, or for several gateways, is written once. */
const texts = new WeakMap<object, string>();

/** The payload of a `next`: data and extensions in this order where there are no errors (docs/protocol.md). */
export const payloadText = ({ data, errors, extensions }: ExecutionResult): string => {
  if (errors !== undefined || !data) return JSON.stringify({ errors, data, extensions });
  let text = texts.get(data);
  if (text === undefined) {
    text = JSON.stringify(data);
    texts.set(data, text);
  }
  return extensions === undefined
    ? `{"data":${text}}`
    : `{"data":${text},"extensions":${JSON.stringify(extensions)}}`;
};
