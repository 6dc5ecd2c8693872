import type { GraphQLFormattedError } from 'graphql';
import { TributaryError } from '../../schema/errors.ts';
import { type ErrorLog, formatted } from '../errors.ts';
import type { GatewayLimits } from '../limits.ts';
import { CatchUp, type CatchUpSink, catchUpRequest } from './catch-up.ts';
import type { SubscriptionCounters } from './counters.ts';
import type { SubscriptionPlan } from './plan.ts';
import { Pump, type PumpOutput } from './pump.ts';
import { Ring, type RingBudget } from './ring.ts';
import type { StartPosition, Subscriber } from './subscriber.ts';
import type { SharedUpstream } from './upstream/shared.ts';
import type { Slots } from './upstream/slots.ts';
import type { UpstreamRequest } from './upstream/socket.ts';

export interface OperationOptions {
  /** Root field, for messages. */
  readonly field: string;
  readonly plan: SubscriptionPlan;
  readonly upstream: SharedUpstream;
  readonly slots: Slots;
  readonly budget: RingBudget;
  readonly limits: GatewayLimits;
  readonly counters: SubscriptionCounters;
  readonly logError: ErrorLog;
  /** Nobody can join any more. */
  readonly onClosed: () => void;
}

/** `errors` null: completed. */
interface Ending {
  readonly errors: readonly GraphQLFormattedError[] | null;
}

/** Turns of the loop over which a full ring is filled at least: each lets sockets write before more is dropped. */
const turnsOfRing = 8;

/**
 * One distinct operation, shared by all clients that ask for it: one upstream, one execution and one serialisation an
 * event (S15). The first client opens the upstream, the last one that leaves ends it.
 */
export class SharedOperation {
  readonly ring: Ring;
  readonly #options: OperationOptions;
  readonly #pump: Pump;
  readonly #subscribers = new Set<Subscriber>();
  readonly #unsubscribe: () => void;
  /** Behind the last event or progress that arrived; where the upstream goes on after a loss. */
  #received: string | null = null;
  /** The upstream has said something, so clients can be told where they begin. */
  #begun = false;
  #broken = false;
  #sent = false;
  readonly #start: NodeJS.Timeout;
  #snapshots = false;
  #lastErrors: readonly GraphQLFormattedError[] = [];
  #ending: Ending | null = null;
  #closed = false;

  constructor(options: OperationOptions) {
    this.#options = options;
    this.ring = new Ring(options.limits.ringBytes, options.budget);
    this.#pump = new Pump({
      plan: options.plan,
      pendingBytes: options.limits.pendingBytes,
      turnBytes: options.limits.ringBytes / turnsOfRing,
      deliver: (output) => this.#deliver(output),
      logError: options.logError,
      pressure: (high) => (high ? options.upstream.pause(this) : options.upstream.resume(this)),
    });
    options.counters.operations += 1;
    options.counters.upstreams += 1;
    this.#start = setTimeout(() => this.#giveUp(), options.limits.upstreamStartMs);
    this.#unsubscribe = options.upstream.subscribe(() => this.#request(), {
      sent: (hasCursors) => this.#onSent(hasCursors),
      next: (payload, stamp, bytes) => {
        const gap = stamp.cursor === null && this.#broken;
        this.#broken = false;
        this.#received = stamp.cursor;
        this.#pump.push({ kind: 'EVENT', payload, stamp: { ...stamp, gap }, bytes });
      },
      progress: (cursor, snapshot) => {
        this.#received = cursor;
        if (snapshot) this.#snapshots = true;
        this.#pump.push({ kind: 'PROGRESS', cursor });
      },
      failed: (errors) => this.#pump.push({ kind: 'END', errors }),
      completed: () => this.#pump.push({ kind: 'END', errors: null }),
      lost: (errors) => this.#onLost(errors),
    });
  }

  get field(): string {
    return this.#options.field;
  }

  get limits(): GatewayLimits {
    return this.#options.limits;
  }

  get counters(): SubscriptionCounters {
    return this.#options.counters;
  }

  /** A client without a position is due a snapshot before what follows. */
  get snapshots(): boolean {
    return this.#snapshots;
  }

  /** How it ended, which clients are told behind the last event; null while the operation lives. */
  get ending(): Ending | null {
    return this.#ending;
  }

  /** Adds a client. It begins now, or as soon as the upstream has said where it stands. */
  join(subscriber: Subscriber): void {
    this.#subscribers.add(subscriber);
    this.counters.subscribers += 1;
    if (this.#begun) subscriber.begin();
  }

  leave(subscriber: Subscriber): void {
    if (!this.#subscribers.delete(subscriber)) return;
    this.counters.subscribers -= 1;
    if (this.#subscribers.size === 0) this.#close();
  }

  /** A private upstream for one client, from its position or a snapshot to where the shared stream stands (S13, S14). */
  catchUp(
    position: Exclude<StartPosition, { kind: 'LATEST' }> | null,
    until: string,
    sink: CatchUpSink,
  ): CatchUp {
    const { plan, limits, slots, counters, logError } = this.#options;
    const first =
      position === null
        ? catchUpRequest(plan, null, until)
        : position.kind === 'CURSOR'
          ? catchUpRequest(plan, position.text, until)
          : catchUpRequest(position.plan, null, until);
    counters.catchUpsOpened += 1;
    const onRunning = (change: 1 | -1): void => {
      counters.catchUps += change;
    };
    return new CatchUp({ plan, limits, slots, first, until, logError, onRunning }, sink);
  }

  #request(): UpstreamRequest {
    const { plan } = this.#options;
    return {
      query: plan.document,
      variables: plan.variables,
      ...(plan.operationName === undefined ? {} : { operationName: plan.operationName }),
      extensions: { tributary: this.#received === null ? { live: true } : { cursor: this.#received } },
    };
  }

  #onSent(hasCursors: boolean): void {
    this.#sent = true;
    // A stream without cursors says nothing before its first event.
    if (!hasCursors) this.#begin();
  }

  #onLost(errors: readonly GraphQLFormattedError[]): void {
    this.#lastErrors = errors;
    if (!this.#sent) return;
    this.#broken = true;
  }

  /** An upstream that never began is not waited for without end; one that did is (S18). */
  #giveUp(): void {
    const { name, url } = this.#options.plan.subgraph;
    const silent = new TributaryError(
      'SUBGRAPH_UNAVAILABLE',
      `Subgraph "${name}" at ${url} does not answer.`,
    );
    this.#end(this.#lastErrors.length > 0 ? this.#lastErrors : [formatted(silent)]);
  }

  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    clearTimeout(this.#start);
    for (const subscriber of this.#subscribers) subscriber.begin();
  }

  #deliver(output: readonly PumpOutput[]): void {
    for (const item of output) {
      if (this.#ending !== null) return;
      if (item.kind === 'EVENT') {
        this.#begin();
        this.counters.executions += 1;
        this.ring.append(item.entry);
      } else if (item.kind === 'PROGRESS') {
        this.ring.progress(item.cursor);
        this.#begin();
      } else {
        this.#end(item.errors);
        return;
      }
    }
    this.#count();
    for (const subscriber of this.#subscribers) subscriber.wake();
  }

  /** The upstream is over: clients get what is left in the ring, then the ending. */
  #end(errors: readonly GraphQLFormattedError[] | null): void {
    if (this.#ending !== null) return;
    this.#ending = { errors };
    this.#closeUpstream();
    for (const subscriber of this.#subscribers) {
      if (subscriber.waiting) subscriber.begin();
      subscriber.wake();
    }
  }

  #close(): void {
    this.#closeUpstream();
    this.ring.close();
    this.#count();
  }

  #closeUpstream(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#start);
    this.#pump.stop();
    this.#unsubscribe();
    this.#options.upstream.resume(this);
    this.counters.operations -= 1;
    this.counters.upstreams -= 1;
    this.#options.onClosed();
  }

  #count(): void {
    this.counters.ringBytes = this.#options.budget.used;
  }
}
