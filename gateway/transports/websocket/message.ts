import type { OperationRequest } from '../operation.ts';
import { isAbsent, isObject, readOperation } from '../payload.ts';

/** What a client says on a graphql-transport-ws socket; everything on it is unknown until it has been read here. */
export type ClientMessage =
  | { readonly type: 'connection_init'; readonly payload: Readonly<Record<string, unknown>> }
  | { readonly type: 'ping'; readonly payload: Readonly<Record<string, unknown>> | null }
  | { readonly type: 'pong' }
  | { readonly type: 'subscribe'; readonly id: string; readonly payload: OperationRequest }
  | { readonly type: 'complete'; readonly id: string };

/** Longer ids are refused: an id is sent with every event. */
const maximumIdLength = 256;

/** Reads a message; a text says what is wrong with it. */
export const readClientMessage = (text: string): ClientMessage | string => {
  const message = parse(text);
  if (!isObject(message)) return 'The message is not a JSON object';
  const { type, id, payload } = message;
  if (type === 'pong') return { type };
  if (type === 'connection_init') {
    if (isAbsent(payload)) return { type, payload: {} };
    return isObject(payload) ? { type, payload } : 'connection_init has a payload that is no object';
  }
  if (type === 'ping') return { type, payload: isObject(payload) ? payload : null };
  if (type !== 'subscribe' && type !== 'complete') return 'The message has an unknown type';
  if (typeof id !== 'string' || id === '' || id.length > maximumIdLength) {
    return `${type} needs an id, a string of 1 to ${maximumIdLength} characters`;
  }
  if (type === 'complete') return { type, id };
  const operation = readOperation(payload, { subject: type, prefix: 'payload.' });
  return typeof operation === 'string' ? operation : { type, id, payload: operation };
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};
