import type { GraphQLFormattedError } from 'graphql';
import { TributaryError } from '../../schema/errors.ts';
import { type ErrorLog, formatted, isRetryable } from '../errors.ts';
import type { GatewayLimits } from '../limits.ts';
import type { RingEntry } from './event.ts';
import type { SubscriptionPlan } from './plan.ts';
import { Pump, type PumpOutput } from './pump.ts';
import { Backoff } from './upstream/backoff.ts';
import type { Slots } from './upstream/slots.ts';
import { type UpstreamRequest, UpstreamSocket } from './upstream/socket.ts';

/** Attempts in a row that brought nothing; then the client is told. */
const maximumAttempts = 12;

export interface CatchUpOptions {
  readonly plan: SubscriptionPlan;
  readonly limits: GatewayLimits;
  readonly slots: Slots;
  /** The first request; later ones go on behind the last cursor. */
  readonly first: UpstreamRequest;
  /** Where the shared stream stood. */
  readonly until: string;
  readonly logError: ErrorLog;
  /** A catch-up has begun or ended, for the counters. */
  readonly onRunning: (change: 1 | -1) => void;
}

export interface CatchUpSink {
  /** Something can be taken, or the catch-up is over. */
  wake(): void;
  /** The client did not take its events in time. */
  stalled(): void;
  failed(errors: readonly GraphQLFormattedError[]): void;
}

/**
 * Brings what lies between a client's cursor and the shared stream, on a socket of its own (S13, S14). The socket is
 * read as fast as the client takes events.
 */
export class CatchUp {
  readonly #options: CatchUpOptions;
  readonly #sink: CatchUpSink;
  readonly #pump: Pump;
  readonly #backoff: Backoff;
  readonly #release: () => void;
  #queue: RingEntry[] = [];
  #bytes = 0;
  #joining = false;
  #socket: UpstreamSocket | null = null;
  #timer: NodeJS.Timeout | null = null;
  #stall: NodeJS.Timeout | null = null;
  #attempts = 0;
  /** Behind the last event that arrived. */
  #received: string | null;
  #reached: string | null = null;
  #stopped = false;

  constructor(options: CatchUpOptions, sink: CatchUpSink) {
    this.#options = options;
    this.#sink = sink;
    this.#received = options.first.extensions?.tributary.cursor ?? null;
    this.#backoff = new Backoff(options.limits.reconnectMs);
    this.#pump = new Pump({
      plan: options.plan,
      pendingBytes: options.limits.catchUpBytes,
      turnBytes: Number.POSITIVE_INFINITY,
      deliver: (output) => this.#deliver(output),
      logError: options.logError,
      pressure: (high) => {
        this.#joining = high;
        this.#regulate();
      },
    });
    options.onRunning(1);
    this.#release = options.slots.take(
      () => this.#connect(),
      () =>
        this.#fail(
          'SUBGRAPH_TIMEOUT',
          'too many clients are catching up at once; subscribe again with the same cursor',
        ),
    );
  }

  /** The next event, in order. */
  take(): RingEntry | undefined {
    const entry = this.#queue.shift();
    if (entry !== undefined) {
      this.#bytes -= entry.bytes.length;
      this.#stopStall();
      this.#regulate();
    }
    return entry;
  }

  /** The position that the subgraph reached; null until all of it has been taken. */
  get reached(): string | null {
    return this.#queue.length === 0 ? this.#reached : null;
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#pump.stop();
    this.#socket?.close();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#stopStall();
    this.#release();
    this.#options.onRunning(-1);
  }

  #connect(): void {
    const { plan, limits } = this.#options;
    const socket = new UpstreamSocket({
      subgraph: plan.subgraph.name,
      url: plan.subgraph.url,
      ackMs: limits.upstreamStartMs,
      pingMs: limits.upstreamPingMs,
      messageBytes: limits.upstreamMessageBytes,
    });
    this.#socket = socket;
    let position: string | null = null;
    socket.subscribe(this.#request(), {
      sent: () => {},
      next: (payload, stamp, bytes) => {
        this.#attempts = 0;
        this.#backoff.reset();
        this.#received = stamp.cursor ?? this.#received;
        this.#pump.push({ kind: 'EVENT', payload, stamp, bytes });
      },
      progress: (cursor) => {
        position = cursor;
        this.#received = cursor;
      },
      completed: () => {
        if (position === null) this.#fail('SUBGRAPH_FAILED', 'ended a catch-up without saying where');
        else this.#pump.push({ kind: 'PROGRESS', cursor: position });
      },
      failed: (errors) => this.#again(errors),
      lost: (error) => this.#again([formatted(error)]),
    });
  }

  #request(): UpstreamRequest {
    const { first, plan, until } = this.#options;
    return this.#received === null ? first : catchUpRequest(plan, this.#received, until);
  }

  /** A subgraph that is not there, or not there yet, is tried again a bounded number of times. */
  #again(errors: readonly GraphQLFormattedError[]): void {
    if (this.#stopped) return;
    this.#socket?.close();
    this.#attempts += 1;
    const retryable = errors.length > 0 && errors.every(isRetryable);
    if (!retryable || this.#attempts > maximumAttempts) this.#pump.push({ kind: 'END', errors });
    else this.#timer = setTimeout(() => this.#connect(), this.#backoff.next());
  }

  #deliver(output: readonly PumpOutput[]): void {
    for (const item of output) {
      if (item.kind === 'EVENT') {
        this.#queue.push(item.entry);
        this.#bytes += item.entry.bytes.length;
      } else if (item.kind === 'PROGRESS') {
        this.#reached = item.cursor;
        this.#socket?.close();
      } else {
        this.#sink.failed(item.errors ?? []);
      }
    }
    this.#regulate();
    this.#sink.wake();
  }

  #fail(code: 'SUBGRAPH_TIMEOUT' | 'SUBGRAPH_FAILED', what: string): void {
    const error = new TributaryError(code, `Subgraph "${this.#options.plan.subgraph.name}": ${what}.`);
    this.#sink.failed([formatted(error)]);
  }

  /** Pauses the socket while the client is behind; a client that stays behind is a slow one. */
  #regulate(): void {
    const full = this.#bytes > this.#options.limits.catchUpBytes;
    if (full || this.#joining) this.#socket?.pause();
    else this.#socket?.resume();
    if (!full) this.#stopStall();
    else this.#stall ??= setTimeout(() => this.#sink.stalled(), this.#options.limits.catchUpStallMs);
  }

  #stopStall(): void {
    if (this.#stall !== null) clearTimeout(this.#stall);
    this.#stall = null;
  }
}

/** Asks for exactly what lies from `cursor` to `until`. */
export const catchUpRequest = (
  plan: SubscriptionPlan,
  cursor: string | null,
  until: string,
): UpstreamRequest => ({
  query: plan.document,
  variables: plan.variables,
  ...(plan.operationName === undefined ? {} : { operationName: plan.operationName }),
  extensions: { tributary: { ...(cursor === null ? {} : { cursor }), until } },
});
