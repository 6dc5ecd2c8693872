import {
  after,
  type Hooks,
  isObject,
  isRepeatable,
  type Operation,
  property,
  retryable,
} from './operation.ts';

/** An operation of a socket's client, and how far it is. */
interface Position {
  /** The `subscribe` message as graphql-ws sends it, each time the same. */
  readonly text: string;
  readonly operation: Operation;
  cursor: string | undefined;
  /** Retryable errors since its last event or progress. */
  failures: number;
}

/** What is to be sent again, and after how many failures before it. */
export interface Again {
  readonly attempt: number;
  /** Null when the client has left meanwhile. */
  text(): string | null;
}

/** The operations of one graphql-ws client by their ids, which stay the same across its connections. */
export class Operations {
  readonly #hooks: Hooks;
  #positions = new Map<string, Position>();
  /**
   * Those of the last connection on which any was sent: one that is closed as soon as it is acknowledged sees none. Who left
   * while there was no connection told nobody, and is not sent again.
   */
  #before = new Map<string, Position>();
  #attempts = 0;

  constructor(hooks: Hooks) {
    this.#hooks = hooks;
  }

  /** Connections that were tried since an operation last moved; counts one more. */
  nextAttempt(): number {
    this.#attempts += 1;
    return this.#attempts - 1;
  }

  /** A message on its way out; returns it as it is to be sent. */
  sent(text: string): string {
    const message: unknown = JSON.parse(text);
    const id = property(message, 'id');
    if (!isObject(message) || typeof id !== 'string') return text;
    if (message.type === 'complete') this.#forget(id);
    if (message.type !== 'subscribe' || !isObject(message.payload)) return text;
    const known = this.#positions.get(id) ?? this.#before.get(id);
    // An id that the application chose may come again with another operation.
    const position =
      known?.text === text ? known : { text, operation: message.payload, cursor: undefined, failures: 0 };
    this.#positions.set(id, position);
    const { cursor, operation } = position;
    return cursor === undefined ? text : JSON.stringify({ ...message, payload: after(cursor, operation) });
  }

  /** A message that the client has taken. */
  received(message: unknown): void {
    const id = String(property(message, 'id'));
    const payload = property(message, 'payload');
    switch (property(message, 'type')) {
      case 'connection_ack':
        if (this.#positions.size === 0) return;
        this.#before = this.#positions;
        this.#positions = new Map();
        return;
      case 'next':
        this.#moved(id, property(property(property(payload, 'extensions'), 'tributary'), 'cursor'));
        return;
      case 'ping': {
        const cursors = property(payload, 'cursors');
        if (isObject(cursors))
          for (const [each, cursor] of Object.entries(cursors)) this.#moved(each, cursor);
        return;
      }
      case 'error':
      case 'complete':
        this.#forget(id);
    }
  }

  /** Reads a message before the client does. What to send again in its place; null: it is for the client. */
  refused(text: string): Again | null {
    // Every event passes here.
    if (!text.includes('"type":"error"')) return null;
    const message: unknown = JSON.parse(text);
    const id = String(property(message, 'id'));
    const position = this.#positions.get(id);
    const errors = retryable(property(message, 'payload'));
    if (property(message, 'type') !== 'error' || position === undefined || errors === null) return null;
    if (!isRepeatable(position.operation)) return null;
    this.#hooks.onRetry?.(errors, position.operation);
    position.failures += 1;
    return {
      attempt: position.failures - 1,
      text: () => (this.#positions.get(id) === position ? position.text : null),
    };
  }

  #moved(id: string, cursor: unknown): void {
    this.#attempts = 0;
    const position = this.#positions.get(id);
    if (position === undefined || typeof cursor !== 'string') return;
    position.cursor = cursor;
    position.failures = 0;
    this.#hooks.onCursor?.(cursor, position.operation);
  }

  #forget(id: string): void {
    this.#positions.delete(id);
    this.#before.delete(id);
  }
}
