import type { GraphQLFormattedError } from 'graphql';
import { errorMappings, TributaryError } from '../../../schema/errors.ts';
import { formatted, refusal } from '../../errors.ts';
import { type ClientRequest, withRequest } from '../../request-scope.ts';
import type { ClientQuota, Outlet } from '../../subscriptions/index.ts';
import { clientOf, unknownClient } from '../../usage/client.ts';
import type { Source } from '../attached.ts';
import {
  type OperationRequest,
  type Prepared,
  prepareOperation,
  type TransportContext,
} from '../operation.ts';
import { type ClientMessage, readClientMessage } from './message.ts';

/** What the protocol needs of a websocket. */
export interface ClientSocket {
  /** Sends a whole message at once. */
  message(text: string): void;
  /** Sends what a source has, whenever the client can take it. */
  attach(id: string, subscribe: (outlet: Outlet) => Source): void;
  /** Stops a source that was attached. */
  detach(id: string): void;
  close(code: number, reason: string): void;
}

/** Close codes of graphql-transport-ws. */
const closeCodes = {
  badRequest: 4400,
  unauthorized: 4401,
  initialisationTimeout: 4408,
  subscriberExists: 4409,
  tooManyInitialisations: 4429,
} as const;

type Live = { readonly kind: 'SINGLE'; readonly abort: AbortController } | { readonly kind: 'STREAM' };

/**
 * The graphql-transport-ws protocol of one client, from its first message to its last. It knows nothing of the wire.
 * Specification: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
 */
export class Connection {
  readonly #socket: ClientSocket;
  readonly #context: TransportContext;
  #request: ClientRequest;
  readonly #quota: ClientQuota;
  readonly #operations = new Map<string, Live>();
  readonly #initTimeout: NodeJS.Timeout;
  #initialised = false;
  #closed = false;

  constructor(socket: ClientSocket, context: TransportContext, request: ClientRequest) {
    this.#socket = socket;
    this.#context = context;
    this.#request = request;
    this.#quota = context.subscriptions.newQuota();
    this.#initTimeout = setTimeout(
      () => this.#close(closeCodes.initialisationTimeout, 'Connection initialisation timeout'),
      context.limits.connectionInitMs,
    );
  }

  /** A query or a mutation is under way. */
  get answers(): boolean {
    return [...this.#operations.values()].some(({ kind }) => kind === 'SINGLE');
  }

  /** Takes a message; null stands for a binary one. */
  receive(text: string | null): void {
    if (this.#closed) return;
    const message = text === null ? 'The message is binary' : readClientMessage(text);
    if (typeof message === 'string') this.#close(closeCodes.badRequest, message);
    else withRequest(this.#request, () => this.#take(message));
  }

  /** An operation's last message has been sent. */
  ended(id: string): void {
    this.#operations.delete(id);
  }

  /** The socket is closed, or about to be: nothing more is sent. */
  stop(): void {
    this.#closed = true;
    clearTimeout(this.#initTimeout);
    for (const [id, live] of this.#operations) this.#end(id, live);
    this.#operations.clear();
  }

  #take(message: ClientMessage): void {
    switch (message.type) {
      case 'connection_init':
        this.#initialise(message.payload);
        return;
      case 'ping':
        this.#socket.message(
          JSON.stringify({ type: 'pong', ...(message.payload === null ? {} : { payload: message.payload }) }),
        );
        return;
      case 'pong':
        return;
      case 'complete': {
        const live = this.#operations.get(message.id);
        if (live === undefined) return;
        this.#operations.delete(message.id);
        this.#end(message.id, live);
        return;
      }
      case 'subscribe':
        this.#subscribe(message.id, message.payload);
    }
  }

  #initialise(payload: Readonly<Record<string, unknown>>): void {
    if (this.#initialised) {
      this.#close(closeCodes.tooManyInitialisations, 'Too many initialisation requests');
      return;
    }
    this.#initialised = true;
    clearTimeout(this.#initTimeout);
    // A browser cannot set headers on a websocket.
    const client = clientOf(payload);
    if (client !== unknownClient) this.#request = { ...this.#request, client };
    this.#socket.message('{"type":"connection_ack"}');
  }

  #subscribe(id: string, payload: OperationRequest): void {
    if (!this.#initialised) {
      this.#close(closeCodes.unauthorized, 'Unauthorized');
    } else if (this.#operations.has(id)) {
      this.#close(closeCodes.subscriberExists, `Subscriber for ${id} already exists`);
    } else if (this.#operations.size >= this.#context.limits.operationsPerSocket) {
      const { limits, subscriptions } = this.#context;
      const { operationsPerSocket } = limits;
      subscriptions.counters.operationsRefused += 1;
      const message = `This socket has ${operationsPerSocket} operations, the limit. End some, or raise gateway.limits.operationsPerSocket.`;
      this.#error(id, [formatted(new TributaryError('TOO_MANY_OPERATIONS', message))]);
    } else {
      this.#start(id, payload);
    }
  }

  #start(id: string, payload: OperationRequest): void {
    try {
      const prepared = prepareOperation(payload, this.#quota, this.#context);
      if (prepared.kind === 'REFUSED') {
        this.#error(id, prepared.errors);
      } else if (prepared.kind === 'SINGLE') {
        void this.#execute(id, prepared);
      } else {
        this.#operations.set(id, { kind: 'STREAM' });
        this.#socket.attach(id, prepared.subscribe);
      }
    } catch (error) {
      this.#operations.delete(id);
      this.#error(id, refusal(error, this.#context.logError));
    }
  }

  /** The slot is taken before the first await; when it is gone after it, the client has left. */
  async #execute(id: string, prepared: Extract<Prepared, { kind: 'SINGLE' }>): Promise<void> {
    const live: Live = { kind: 'SINGLE', abort: new AbortController() };
    this.#operations.set(id, live);
    let text: string;
    try {
      const payload = await prepared.execute(live.abort.signal);
      text = JSON.stringify({ id, type: 'next', payload });
    } catch (error) {
      if (this.#operations.get(id) !== live) return;
      this.#operations.delete(id);
      this.#error(id, refusal(error, this.#context.logError));
      return;
    }
    if (this.#operations.get(id) !== live) return;
    this.#operations.delete(id);
    this.#socket.message(text);
    this.#socket.message(JSON.stringify({ id, type: 'complete' }));
  }

  #end(id: string, live: Live): void {
    if (live.kind === 'STREAM') this.#socket.detach(id);
    else live.abort.abort(new TributaryError('BAD_REQUEST', 'The client ended the operation.'));
  }

  #error(id: string, errors: readonly GraphQLFormattedError[]): void {
    this.#socket.message(JSON.stringify({ id, type: 'error', payload: errors }));
  }

  #close(code: number, reason: string): void {
    this.stop();
    this.#socket.close(code, reason);
  }
}

/** How a socket ends when one of our errors ends it. */
export const closeOf = (error: TributaryError): readonly [code: number, reason: string] => [
  errorMappings[error.code].close,
  `${error.code}: ${error.message}`,
];
