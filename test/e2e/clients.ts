import { type Client, createClient, type ExecutionResult } from 'graphql-ws';
import { WebSocket } from 'ws';

export interface Tributary {
  readonly at: readonly [partition: number, offset: number] | null;
  readonly cursor: string;
}

export const tributaryOf = (result: ExecutionResult): Tributary => {
  const tributary = result.extensions?.tributary;
  if (tributary === undefined) throw new Error(`no extensions.tributary in ${JSON.stringify(result)}`);
  return tributary as Tributary;
};

/** Where a mutation's records were written, by topic id. */
export const positionOf = (result: ExecutionResult): Record<string, [number, number][]> => {
  const tributary = result.extensions?.tributary as
    | { position?: Record<string, [number, number][]> }
    | undefined;
  if (tributary?.position === undefined) throw new Error(`no position in ${JSON.stringify(result)}`);
  return tributary.position;
};

/** A stock HTTP request. */
export const query = async (
  url: string,
  text: string,
  variables: Record<string, unknown> = {},
  extensions: Record<string, unknown> = {},
): Promise<ExecutionResult> => {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: text, variables, extensions }),
  });
  return (await response.json()) as ExecutionResult;
};

/**
 * A stock graphql-ws client that resumes: it keeps the last cursor, from events and from progress, in the payload that
 * graphql-ws sends again when it reconnects.
 */
export class ResumingClient {
  readonly results: ExecutionResult[] = [];
  readonly #client: Client;
  readonly #waiting = new Set<() => void>();
  connections = 0;
  failure: unknown = null;
  completed = false;
  #leave: () => void;

  constructor(url: string, text: string, variables: Record<string, unknown> = {}) {
    const tributary: { cursor?: string } = {};
    const payload = { query: text, variables, extensions: { tributary } };
    this.#client = createClient({
      url: url.replace(/^http/, 'ws'),
      webSocketImpl: WebSocket,
      retryAttempts: Number.POSITIVE_INFINITY,
      shouldRetry: () => true,
      retryWait: () => new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 100)),
      on: {
        connected: () => {
          this.connections++;
          this.#check();
        },
        ping: (received, data) => {
          const [cursor] = Object.values(
            (data as { cursors?: Record<string, string> } | undefined)?.cursors ?? {},
          );
          if (received && cursor !== undefined) tributary.cursor = cursor;
          this.#check();
        },
      },
    });
    this.started = this.until(() => tributary.cursor !== undefined);
    this.started.catch(() => undefined);
    this.#leave = this.#client.subscribe(payload, {
      next: (result) => {
        const { cursor } = tributaryOf(result as ExecutionResult);
        tributary.cursor = cursor;
        this.results.push(result as ExecutionResult);
        this.#check();
      },
      error: (error) => {
        this.failure = error;
        this.#check();
      },
      complete: () => {
        this.completed = true;
        this.#check();
      },
    });
  }

  /** Resolves when the first cursor is there: from here on nothing is lost. */
  readonly started: Promise<void>;

  /** Resolves when the condition holds; looked at after each event. Rejects when the operation fails. */
  until(condition: () => boolean): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const check = (): void => {
      if (this.failure !== null)
        reject(new Error(`the subscription failed: ${JSON.stringify(this.failure)}`));
      else if (!condition()) return;
      else resolve();
      this.#waiting.delete(check);
    };
    this.#waiting.add(check);
    check();
    return promise;
  }

  leave(): void {
    this.#leave();
  }

  async dispose(): Promise<void> {
    this.#leave();
    await this.#client.dispose();
  }

  #check(): void {
    for (const check of [...this.#waiting]) check();
  }
}
