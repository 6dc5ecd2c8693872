import type { GraphQLFormattedError } from 'graphql';
import type { TributaryError } from '../../../schema/errors.ts';
import { formatted, isRetryable } from '../../errors.ts';
import type { EventPayload, Stamp } from '../event.ts';
import { Backoff } from './backoff.ts';
import { type UpstreamRequest, UpstreamSocket, type UpstreamSocketOptions } from './socket.ts';

/** How long the socket stays without subscriptions: the next operation often comes at once. */
const lingerMs = 1_000;

/** Times in a row, without an event between, that a socket may break by what the subgraph sends; then the operation fails. */
const maximumFaults = 3;

/** What becomes of a subscription that comes back after each loss. `failed` and `completed` are the last. */
export interface SharedSink {
  sent(hasCursors: boolean): void;
  next(payload: EventPayload, stamp: Stamp, bytes: number): void;
  progress(cursor: string, snapshot: boolean): void;
  failed(errors: readonly GraphQLFormattedError[]): void;
  completed(): void;
  /** The subscription broke and will be sent again, as `request()` then says (S18). */
  lost(errors: readonly GraphQLFormattedError[]): void;
}

interface Subscription {
  readonly request: () => UpstreamRequest;
  readonly sink: SharedSink;
  readonly backoff: Backoff;
  /** Sockets that broke under it by what the subgraph sent, since its last event. */
  faults: number;
  /** On the present socket; null between two attempts. */
  id: string | null;
  retry: NodeJS.Timeout | null;
}

export interface SharedUpstreamOptions extends UpstreamSocketOptions {
  readonly reconnectMs: number;
  /** A subscription was sent to the subgraph. */
  readonly onOpen: () => void;
}

/**
 * The one socket for all live operations of a subgraph (S13). When it breaks, it comes back as long as there are
 * operations on it, with backoff and jitter, and each subscribes again with its last cursor (S18).
 */
export class SharedUpstream {
  readonly #options: SharedUpstreamOptions;
  readonly #backoff: Backoff;
  readonly #subscriptions = new Set<Subscription>();
  readonly #pausedBy = new Set<unknown>();
  #socket: UpstreamSocket | null = null;
  #reconnect: NodeJS.Timeout | null = null;
  #linger: NodeJS.Timeout | null = null;

  constructor(options: SharedUpstreamOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.reconnectMs);
  }

  /** Subscribes until the returned function is called; the sink hears nothing after that. */
  subscribe(request: () => UpstreamRequest, sink: SharedSink): () => void {
    const backoff = new Backoff(this.#options.reconnectMs);
    const subscription: Subscription = { request, sink, backoff, faults: 0, id: null, retry: null };
    this.#subscriptions.add(subscription);
    if (this.#linger !== null) clearTimeout(this.#linger);
    this.#linger = null;
    if (this.#socket !== null) this.#open(subscription, this.#socket);
    else if (this.#reconnect === null) this.#connect();
    return () => this.#remove(subscription);
  }

  /** Nothing is subscribed. */
  get idle(): boolean {
    return this.#subscriptions.size === 0;
  }

  /** Stops reading for a reason; reads on when no reason is left. */
  pause(reason: unknown): void {
    this.#pausedBy.add(reason);
    if (this.#socket?.acknowledged === true) this.#socket.pause();
  }

  resume(reason: unknown): void {
    if (this.#pausedBy.delete(reason) && this.#pausedBy.size === 0) this.#socket?.resume();
  }

  close(): void {
    for (const subscription of [...this.#subscriptions]) this.#remove(subscription);
    if (this.#linger !== null) clearTimeout(this.#linger);
    this.#disconnect();
  }

  #connect(): void {
    this.#reconnect = null;
    const socket = new UpstreamSocket(this.#options, () => this.#broken(socket));
    this.#socket = socket;
    for (const subscription of this.#subscriptions) this.#open(subscription, socket);
  }

  #broken(socket: UpstreamSocket): void {
    if (this.#socket !== socket) return;
    this.#socket = null;
    if (this.#subscriptions.size === 0) return;
    this.#reconnect = setTimeout(() => this.#connect(), this.#backoff.next());
  }

  #open(subscription: Subscription, socket: UpstreamSocket): void {
    if (subscription.retry !== null) return;
    const { sink, backoff } = subscription;
    const heard = (): void => {
      backoff.reset();
      this.#backoff.reset();
    };
    subscription.id = socket.subscribe(subscription.request(), {
      sent: (hasCursors) => {
        this.#options.onOpen();
        // Not before: a paused socket would not hear that it is open.
        if (this.#pausedBy.size > 0) socket.pause();
        sink.sent(hasCursors);
      },
      next: (payload, stamp, bytes) => {
        heard();
        subscription.faults = 0;
        sink.next(payload, stamp, bytes);
      },
      progress: (cursor, snapshot) => {
        heard();
        sink.progress(cursor, snapshot);
      },
      failed: (errors) => {
        subscription.id = null;
        if (errors.length > 0 && errors.every(isRetryable)) this.#retry(subscription, errors);
        else this.#finish(subscription, () => sink.failed(errors));
      },
      completed: () => this.#finish(subscription, () => sink.completed()),
      lost: (error) => this.#lose(subscription, error),
    });
  }

  /** Nobody knows whose message broke the socket: each operation comes back a bounded number of times. */
  #lose(subscription: Subscription, error: TributaryError): void {
    subscription.id = null;
    const errors = [formatted(error)];
    if (error.code === 'SUBGRAPH_FAILED') subscription.faults += 1;
    if (subscription.faults < maximumFaults) subscription.sink.lost(errors);
    else this.#finish(subscription, () => subscription.sink.failed(errors));
  }

  /** The subgraph is there but cannot serve it yet (NOT_YET, a view that is not ready): only this one tries again. */
  #retry(subscription: Subscription, errors: readonly GraphQLFormattedError[]): void {
    subscription.retry = setTimeout(() => {
      subscription.retry = null;
      if (this.#socket !== null) this.#open(subscription, this.#socket);
    }, subscription.backoff.next());
    subscription.sink.lost(errors);
  }

  #finish(subscription: Subscription, tell: () => void): void {
    this.#remove(subscription);
    tell();
  }

  #remove(subscription: Subscription): void {
    if (!this.#subscriptions.delete(subscription)) return;
    if (subscription.retry !== null) clearTimeout(subscription.retry);
    if (subscription.id !== null) this.#socket?.unsubscribe(subscription.id);
    if (this.#subscriptions.size > 0) return;
    this.#linger = setTimeout(() => this.#disconnect(), lingerMs);
    this.#linger.unref();
  }

  #disconnect(): void {
    if (this.#reconnect !== null) clearTimeout(this.#reconnect);
    this.#reconnect = null;
    this.#socket?.close();
    this.#socket = null;
  }
}
