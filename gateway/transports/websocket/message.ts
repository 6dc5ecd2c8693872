/** What a client says on a graphql-transport-ws socket; everything on it is unknown until it has been read here. */
export type ClientMessage =
  | { readonly type: 'connection_init' }
  | { readonly type: 'ping'; readonly payload: Readonly<Record<string, unknown>> | null }
  | { readonly type: 'pong' }
  | { readonly type: 'subscribe'; readonly id: string; readonly payload: OperationPayload }
  | { readonly type: 'complete'; readonly id: string };

export interface OperationPayload {
  readonly query: string;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly extensions: Readonly<Record<string, unknown>>;
}

/** Longer ids are refused: an id is sent with every event. */
const maximumIdLength = 256;

/** Reads a message; a text says what is wrong with it. */
export const readClientMessage = (text: string): ClientMessage | string => {
  const message = parse(text);
  if (!isObject(message)) return 'The message is not a JSON object';
  const { type, id, payload } = message;
  if (type === 'pong') return { type };
  if (type === 'connection_init') {
    return isAbsent(payload) || isObject(payload)
      ? { type }
      : 'connection_init has a payload that is no object';
  }
  if (type === 'ping') return { type, payload: isObject(payload) ? payload : null };
  if (type !== 'subscribe' && type !== 'complete') return 'The message has an unknown type';
  if (typeof id !== 'string' || id === '' || id.length > maximumIdLength) {
    return `${type} needs an id, a string of 1 to ${maximumIdLength} characters`;
  }
  if (type === 'complete') return { type, id };
  const operation = readOperation(payload);
  return typeof operation === 'string' ? operation : { type, id, payload: operation };
};

const readOperation = (payload: unknown): OperationPayload | string => {
  if (!isObject(payload)) return 'subscribe needs a payload';
  const { query, operationName, variables, extensions } = payload;
  if (typeof query !== 'string') return 'subscribe needs payload.query, a string';
  if (!isAbsent(operationName) && typeof operationName !== 'string')
    return 'payload.operationName is no string';
  if (!isAbsent(variables) && !isObject(variables)) return 'payload.variables is no object';
  if (!isAbsent(extensions) && !isObject(extensions)) return 'payload.extensions is no object';
  return {
    query,
    operationName: typeof operationName === 'string' ? operationName : null,
    variables: isObject(variables) ? variables : {},
    extensions: isObject(extensions) ? extensions : {},
  };
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

const isAbsent = (value: unknown): value is null | undefined => value === null || value === undefined;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
