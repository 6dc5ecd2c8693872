import type { GraphQLFormattedError } from 'graphql';
import { TributaryError } from '../../schema/errors.ts';
import { formatted, isRetryable } from '../errors.ts';
import type { GatewayLimits } from '../limits.ts';
import type { EventPayload, Stamp } from './event.ts';
import type { SubscriptionPlan } from './plan.ts';
import { Backoff } from './upstream/backoff.ts';
import { type UpstreamRequest, UpstreamSocket } from './upstream/socket.ts';

/** Attempts in a row that brought nothing; then the clients are told. */
const maximumAttempts = 12;
/** The same for a cursor that the subgraph has not reached; each takes it 5 s, and a place that others wait for (S11). */
const maximumAheadAttempts = 3;

export interface CatchUpUpstreamOptions {
  readonly plan: SubscriptionPlan;
  readonly limits: GatewayLimits;
  /** Where it begins; later requests go on behind the last cursor. Null: where the plan says, or with a snapshot. */
  readonly cursor: string | null;
  /** Where it ends. */
  readonly until: string;
  /** It is not worth another attempt: the operation goes on elsewhere by now. */
  readonly isOutdated: () => boolean;
}

export interface CatchUpUpstreamSink {
  next(payload: EventPayload, stamp: Stamp, bytes: number): void;
  /** All has come; the subgraph stands at `cursor`. The last call. */
  completed(cursor: string): void;
  /** The last call. */
  failed(errors: readonly GraphQLFormattedError[]): void;
}

/**
 * Asks a subgraph for what lies between a cursor and the shared stream, on a socket of its own (S13). A socket that breaks
 * is followed by another one, behind the last event that came.
 */
export class CatchUpUpstream {
  readonly #options: CatchUpUpstreamOptions;
  readonly #sink: CatchUpUpstreamSink;
  readonly #backoff: Backoff;
  #socket: UpstreamSocket | null = null;
  #timer: NodeJS.Timeout | null = null;
  #attempts = 0;
  #paused = false;
  /** Behind the last event that arrived. */
  #received: string | null;
  #stopped = false;

  constructor(options: CatchUpUpstreamOptions, sink: CatchUpUpstreamSink) {
    this.#options = options;
    this.#sink = sink;
    this.#received = options.cursor;
    this.#backoff = new Backoff(options.limits.reconnectMs);
    this.#connect();
  }

  /** Where another one can go on; null before the first event. */
  get received(): string | null {
    return this.#received;
  }

  /** Stops reading: TCP slows the subgraph down. */
  pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#socket?.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#socket?.resume();
  }

  /** Its sink hears nothing more. */
  stop(): void {
    this.#stopped = true;
    this.#socket?.close();
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #connect(): void {
    const { plan, limits } = this.#options;
    const socket = new UpstreamSocket({
      subgraph: plan.subgraph.name,
      url: plan.subgraph.url,
      ackMs: limits.upstreamStartMs,
      pingMs: limits.upstreamPingMs,
      messageBytes: limits.upstreamMessageBytes,
      inTurns: true,
    });
    this.#socket = socket;
    let position: string | null = null;
    socket.subscribe(this.#request(), {
      // Not before: a paused socket would not hear that it is open.
      sent: () => {
        if (this.#paused) socket.pause();
      },
      next: (payload, stamp, bytes) => {
        this.#attempts = 0;
        this.#backoff.reset();
        this.#received = stamp.cursor ?? this.#received;
        this.#sink.next(payload, stamp, bytes);
      },
      // Where it stands without an event is where it ends, and nowhere to go on from: a RESET may come first.
      progress: (cursor) => {
        position = cursor;
      },
      completed: () => {
        const reached = position;
        this.#finish(() =>
          reached === null
            ? this.#sink.failed([formatted(this.#withoutEnd())])
            : this.#sink.completed(reached),
        );
      },
      failed: (errors) => this.#again(errors),
      lost: (error) => this.#again([formatted(error)]),
    });
  }

  /** Asks for exactly what lies from the cursor to the end. */
  #request(): UpstreamRequest {
    const { plan, until } = this.#options;
    const cursor = this.#received;
    return {
      query: plan.document,
      variables: plan.variables,
      ...(plan.operationName === undefined ? {} : { operationName: plan.operationName }),
      extensions: { tributary: { ...(cursor === null ? {} : { cursor }), until } },
    };
  }

  /** A subgraph that is not there, or not there yet, is tried again a bounded number of times. */
  #again(errors: readonly GraphQLFormattedError[]): void {
    if (this.#stopped) return;
    this.#socket?.close();
    this.#attempts += 1;
    const isAhead = errors.some(({ extensions }) => extensions?.code === 'NOT_YET');
    const maximum = isAhead ? maximumAheadAttempts : maximumAttempts;
    const mayGoWell = errors.length > 0 && errors.every(isRetryable) && !this.#options.isOutdated();
    const isWorthIt = mayGoWell && this.#attempts < maximum;
    if (isWorthIt) this.#timer = setTimeout(() => this.#connect(), this.#backoff.next());
    else this.#finish(() => this.#sink.failed(errors));
  }

  #finish(tell: () => void): void {
    if (this.#stopped) return;
    this.stop();
    tell();
  }

  #withoutEnd(): TributaryError {
    const { name } = this.#options.plan.subgraph;
    return new TributaryError(
      'SUBGRAPH_FAILED',
      `Subgraph "${name}": ended a catch-up without saying where.`,
    );
  }
}
