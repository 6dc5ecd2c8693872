/** What a client asks for: the payload of graphql-ws's `subscribe` message, the body of graphql-sse's request. */
export interface Operation {
  readonly query?: string;
  readonly operationName?: string | null;
  readonly variables?: Readonly<Record<string, unknown>> | null;
  readonly extensions?: Readonly<Record<string, unknown>> | null;
}

/** A GraphQL error as it stands on the wire. */
export interface WireError {
  readonly message: string;
  readonly extensions?: Readonly<Record<string, unknown>>;
}

/** What the application may be told besides the results. */
export interface Hooks {
  /**
   * The operation stands at this cursor, after an event that the application has had or after progress without one. Kept
   * across a reload of the page, it is what the next `extensions.tributary.cursor` begins with.
   */
  onCursor?(cursor: string, operation: Operation): void;
  /** The server cannot serve the operation now (`retryable: true`); it is asked again after a pause. */
  onRetry?(errors: readonly WireError[], operation: Operation): void;
}

/** The operation, to go on after a cursor (docs/protocol.md). */
export const after = (cursor: string, operation: Operation): Operation => {
  const tributary = operation.extensions?.tributary;
  return {
    ...operation,
    extensions: { ...operation.extensions, tributary: { ...(isObject(tributary) ? tributary : {}), cursor } },
  };
};

/** The errors when each of them says that the same may go well later, else null. */
export const retryable = (errors: unknown): readonly WireError[] | null => {
  if (!Array.isArray(errors) || errors.length === 0) return null;
  const all: readonly unknown[] = errors;
  return all.every((error) => property(property(error, 'extensions'), 'retryable') === true)
    ? (errors as readonly WireError[])
    : null;
};

/**
 * Whether it may be sent again though nobody knows how far the server came. A mutation may not; a document that has the
 * word is taken for one.
 */
export const isRepeatable = ({ query }: Operation): boolean =>
  typeof query === 'string' && /\bsubscription\b/.test(query) && !/\bmutation\b/.test(query);

/** A property of what came from outside; undefined where there is none. */
export const property = (value: unknown, name: string): unknown =>
  isObject(value) ? value[name] : undefined;

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
