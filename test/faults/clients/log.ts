import { createWriteStream, type WriteStream } from 'node:fs';
import type { GraphQLFormattedError } from 'graphql';
import type { ChangeKind, ClientDeclaration, Connection, Delivery, Failure } from '../checker/format.ts';

interface Event {
  readonly kind?: ChangeKind;
  readonly key?: string | null;
  readonly account?: string | { readonly id: string; readonly seq: number } | null;
  readonly seq?: number;
}

/** A result as either transport gives it. */
export interface Result {
  readonly data?: Readonly<Record<string, unknown>> | null | undefined;
  readonly errors?: readonly GraphQLFormattedError[] | undefined;
  readonly extensions?: unknown;
}

/** Cursor of a result, and where its record is. */
export interface Stamp {
  readonly at: readonly [partition: number, offset: number] | null;
  readonly cursor: string;
}

/** The log of a process of clients: a line for everything that came, as soon as it came. */
export class ClientLog {
  readonly #stream: WriteStream;

  constructor(path: string) {
    this.#stream = createWriteStream(path, { flags: 'a' });
  }

  /** Writes down an event and gives its cursor; null for a result that has none. */
  delivered(declaration: ClientDeclaration, result: Result): string | null {
    const stamp = (result.extensions as { tributary?: Stamp } | undefined)?.tributary;
    const event = result.data?.[declaration.operation] as Event | null | undefined;
    const row = typeof event?.account === 'object' ? event.account : null;
    const key = typeof event?.account === 'string' ? event.account : (event?.key ?? null);
    const codes = result.errors?.map(({ extensions, message }) => String(extensions?.code ?? message));
    const { client, transport, operation, topic } = declaration;
    this.#write({
      client,
      transport,
      operation,
      topic,
      partition: stamp?.at?.[0] ?? null,
      offset: stamp?.at?.[1] ?? null,
      key,
      seq: event?.seq ?? row?.seq ?? null,
      ...(event?.kind === undefined ? {} : { kind: event.kind }),
      ...(codes === undefined ? {} : { errors: codes }),
      receivedAt: Date.now(),
    });
    return stamp?.cursor ?? null;
  }

  connected({ client, transport }: ClientDeclaration, connected: number, to: string): void {
    this.#write({ client, transport, connected, to, receivedAt: Date.now() });
  }

  /** The operation ended by these errors. True when the client may come back. */
  failed({ client, transport }: ClientDeclaration, errors: readonly GraphQLFormattedError[]): boolean {
    const retryable = errors.length > 0 && errors.every(({ extensions }) => extensions?.retryable === true);
    const failed = errors.map(({ extensions, message }) => `${extensions?.code}: ${message}`).join('; ');
    this.#write({ client, transport, failed, retryable, receivedAt: Date.now() });
    return retryable;
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#stream.end(resolve));
  }

  #write(line: Delivery | Connection | Failure): void {
    this.#stream.write(`${JSON.stringify(line)}\n`);
  }
}
