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
  /** Sends what a source has, whenever the client can take it, until it ends. */
  attach(id: string, subscribe: (outlet: Outlet) => Source): void;
  /** Stops a source that was attached. */
  detach(id: string): void;
  /** Whether a source of this name was attached and has not ended. */
  has(id: string): boolean;
  /** How many there are of those. */
  readonly size: number;
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

/**
 * The graphql-transport-ws protocol of one client, from its first message to its last. It knows nothing of the wire.
 * Specification: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
 */
export class Connection {
  readonly #socket: ClientSocket;
  readonly #context: TransportContext;
  #request: ClientRequest;
  readonly #quota: ClientQuota;
  /** Queries and mutations under way; made with the first, since most websockets have none. Streams are the socket's. */
  #singles: Map<string, AbortController> | null = null;
  /** Null since its message came. */
  #initTimeout: NodeJS.Timeout | null;
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
    return this.#singles !== null && this.#singles.size > 0;
  }

  /** Takes a message; null stands for a binary one. */
  receive(text: string | null): void {
    if (this.#closed) return;
    const message = text === null ? 'The message is binary' : readClientMessage(text);
    if (typeof message === 'string') this.#close(closeCodes.badRequest, message);
    else withRequest(this.#request, () => this.#take(message));
  }

  /** The socket is closed, or about to be: nothing more is sent. Streams end with the socket. */
  stop(): void {
    this.#closed = true;
    this.#stopWaiting();
    for (const id of this.#singles?.keys() ?? []) this.#end(id);
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
        this.#end(message.id);
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
    this.#stopWaiting();
    // A browser cannot set headers on a websocket.
    const client = clientOf(payload);
    if (client !== unknownClient) this.#request = { ...this.#request, client };
    this.#socket.message('{"type":"connection_ack"}');
  }

  #subscribe(id: string, payload: OperationRequest): void {
    if (!this.#initialised) {
      this.#close(closeCodes.unauthorized, 'Unauthorized');
    } else if (this.#singles?.has(id) === true || this.#socket.has(id)) {
      this.#close(closeCodes.subscriberExists, `Subscriber for ${id} already exists`);
    } else if ((this.#singles?.size ?? 0) + this.#socket.size >= this.#context.limits.operationsPerSocket) {
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
        this.#socket.attach(id, prepared.subscribe);
      }
    } catch (error) {
      this.#error(id, refusal(error, this.#context.logError));
    }
  }

  /** The slot is taken before the first await; when it is gone after it, the client has left. */
  async #execute(id: string, prepared: Extract<Prepared, { kind: 'SINGLE' }>): Promise<void> {
    const abort = new AbortController();
    this.#singles ??= new Map();
    const singles = this.#singles;
    singles.set(id, abort);
    let text: string;
    try {
      const payload = await prepared.execute(abort.signal);
      text = JSON.stringify({ id, type: 'next', payload });
    } catch (error) {
      if (singles.get(id) !== abort) return;
      singles.delete(id);
      this.#error(id, refusal(error, this.#context.logError));
      return;
    }
    if (singles.get(id) !== abort) return;
    singles.delete(id);
    this.#socket.message(text);
    this.#socket.message(JSON.stringify({ id, type: 'complete' }));
  }

  /** Ends an operation for its client, who is told nothing more of it. */
  #end(id: string): void {
    const abort = this.#singles?.get(id);
    this.#singles?.delete(id);
    if (abort === undefined) this.#socket.detach(id);
    else abort.abort(new TributaryError('BAD_REQUEST', 'The client ended the operation.'));
  }

  #stopWaiting(): void {
    if (this.#initTimeout !== null) clearTimeout(this.#initTimeout);
    this.#initTimeout = null;
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
