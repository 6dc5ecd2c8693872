/** The server will not serve this operation, now or later. */
export class SubscriptionRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SubscriptionRefused';
  }

  /** Null for what may go away by itself: retryable errors, and closes that are not about what we sent. */
  static of(failure: unknown): SubscriptionRefused | null {
    if (Array.isArray(failure)) {
      const errors = failure as readonly GraphQLFailure[];
      if (errors.some(({ extensions }) => extensions?.retryable === true)) return null;
      return new SubscriptionRefused(errors.map(describe).join('\n'));
    }
    const { code, reason } = failure as { readonly code?: unknown; readonly reason?: unknown };
    // 4400 to 4499: what we sent is wrong, by the protocol and by the table in schema/errors.ts.
    if (typeof code !== 'number' || code < 4400 || code > 4499 || passing.has(code)) return null;
    return new SubscriptionRefused(`The server closed the connection with ${code}: ${String(reason)}`);
  }
}

/** Too many at once, a time-out, a view that is not as far yet: these pass. */
const passing = new Set([4408, 4425, 4429]);

interface GraphQLFailure {
  readonly message: string;
  readonly extensions?: {
    readonly code?: unknown;
    readonly retryable?: unknown;
    readonly [key: string]: unknown;
  };
}

const describe = ({ message, extensions }: GraphQLFailure): string =>
  typeof extensions?.code === 'string' ? `${extensions.code}: ${message}` : message;
