import type { Client } from 'graphql-ws';
import { Signal } from './signal.ts';

interface Stamped {
  readonly at: [number, number] | null;
  readonly cursor: string;
  readonly gap?: boolean;
}

export interface Received {
  readonly data: {
    readonly events?: { id: string; padding?: string; item?: { name: string } | null };
    readonly tick?: number;
  } | null;
  readonly errors?: readonly { message: string; extensions: { code: string } }[];
  readonly extensions?: { readonly tributary?: Stamped };
}

/** A subscription of a stock client, and all that came of it. */
export class Subscription {
  readonly received: Received[] = [];
  readonly changed = new Signal();
  /** What the sink's `error` was called with: errors of the operation, or a close event. */
  failure: unknown = null;
  completed = false;
  readonly stop: () => void;

  constructor(
    client: Client,
    query: string,
    options: { cursor?: string; variables?: Record<string, unknown> } = {},
  ) {
    this.stop = client.subscribe(
      {
        query,
        ...(options.variables === undefined ? {} : { variables: options.variables }),
        ...(options.cursor === undefined ? {} : { extensions: { tributary: { cursor: options.cursor } } }),
      },
      {
        next: (result) => {
          this.received.push(result as unknown as Received);
          this.changed.fire();
        },
        error: (error) => {
          this.failure = error;
          this.changed.fire();
        },
        complete: () => {
          this.completed = true;
          this.changed.fire();
        },
      },
    );
  }

  get ids(): string[] {
    return this.received.map(({ data }) => data?.events?.id ?? '');
  }

  get cursors(): string[] {
    return this.received.map(({ extensions }) => extensions?.tributary?.cursor ?? '');
  }

  /** Resolves when so many events have come; rejects when the subscription failed before. */
  async events(count: number): Promise<Received[]> {
    await this.changed.until(() => this.received.length >= count || this.failure !== null);
    if (this.received.length < count) throw new Error(`failed: ${this.reason}`);
    return this.received;
  }

  /** The failure as text: errors, or the code of a close. */
  get reason(): string {
    const close = this.failure as { code?: number; reason?: string };
    return typeof close.code === 'number' ? `${close.code} ${close.reason}` : JSON.stringify(this.failure);
  }

  /** Resolves with the code of the error that ended it. */
  async code(): Promise<string> {
    await this.changed.until(() => this.failure !== null || this.completed);
    const errors = Array.isArray(this.failure) ? this.failure : [];
    return (errors[0] as { extensions?: { code?: string } } | undefined)?.extensions?.code ?? this.reason;
  }
}
