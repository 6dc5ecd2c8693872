import type { GraphQLFormattedError } from 'graphql';
import { TributaryError } from '../../schema/errors.ts';
import { formatted } from '../errors.ts';
import type { GatewayLimits } from '../limits.ts';
import { wakeSoon } from '../turn.ts';
import { CatchUps } from './catch-ups.ts';
import type { SubscriptionCounters } from './counters.ts';
import type { NormalisedOperation } from './identity.ts';
import { invalidated } from './invalidated.ts';
import { Move } from './move.ts';
import type { OperationOptions, Planned, Upstream } from './operation-options.ts';
import type { SubscriptionPlan, SubscriptionPlanner } from './plan.ts';
import { planFrom } from './plan-from.ts';
import { Pump, type PumpOutput } from './pump.ts';
import { Ring } from './ring.ts';
import type { Subscriber } from './subscriber.ts';
import { asksTheSame, liveRequest } from './upstream/request.ts';
import type { SharedSink } from './upstream/shared.ts';

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
  /** What brings clients from their position, or a snapshot, to where the shared stream stands (S13, S14). */
  readonly catchUps: CatchUps;
  readonly #options: OperationOptions;
  readonly #pump: Pump;
  readonly #subscribers = new Set<Subscriber>();
  readonly #start: NodeJS.Timeout;
  #planner: SubscriptionPlanner;
  /** Of the generation that `#plan` is of. */
  #served: SubscriptionPlanner;
  #plan: SubscriptionPlan;
  #upstream: Upstream;
  /** Ends the upstream subscription; null: it has ended. */
  #unsubscribe: (() => void) | null = null;
  /** The way to the upstream of a newer generation, until that has taken over (S19). */
  #move: Move | null = null;
  #awaitsMove = false;
  #pressed = false;
  /** It has left its upstream until its joins have caught up. */
  #isAside = false;
  /** Behind the last event or progress that arrived; where the upstream goes on after a loss. */
  #received: string | null = null;
  /** The upstream has said something, so clients can be told where they begin. */
  #begun = false;
  #broken = false;
  /** There was no cursor to go on behind when it broke. */
  #blind = false;
  #sent = false;
  #snapshots = false;
  #lastErrors: readonly GraphQLFormattedError[] = [];
  #ending: Ending | null = null;
  #closed = false;

  constructor(options: OperationOptions) {
    this.#options = options;
    this.#planner = options.planned.planner;
    this.#served = this.#planner;
    this.#plan = options.planned.plan;
    this.#upstream = options.upstreamOf(this.#plan);
    this.ring = new Ring(options.limits.ringBytes, options.budget);
    this.catchUps = new CatchUps({
      ...options,
      plan: (begin) =>
        begin?.kind === 'FROM' ? planFrom(options, begin, this.#served, this.#planner) : this.#plan,
      generation: () => this.#served,
      slotsOf: (plan) => options.upstreamOf(plan).slots,
      onCatchUpRefused: (errors) => this.#onCatchUpRefused(errors),
    });
    this.#pump = new Pump({
      plan: this.#plan,
      pendingBytes: options.limits.pendingBytes,
      turnBytes: options.limits.ringBytes / turnsOfRing,
      joinsUnderWay: options.limits.joinsPerOperation,
      joinBudget: options.joinBudget,
      deliver: (output) => this.#deliver(output),
      logError: options.logError,
      pressure: (high) => this.#press(high),
    });
    options.counters.operations += 1;
    options.counters.upstreams += 1;
    this.#start = setTimeout(() => this.#giveUp(), options.limits.upstreamStartMs);
    this.#open();
  }

  /** Where it is subscribed, or comes back to as soon as its joins have caught up. */
  get upstream(): Upstream {
    return this.#upstream;
  }

  get field(): string {
    return this.#options.normalised.field;
  }

  get normalised(): NormalisedOperation {
    return this.#options.normalised;
  }

  get variables(): Readonly<Record<string, unknown>> {
    return this.#options.variables;
  }

  /** Of the generation that it is served by, or on the way to. */
  get planner(): SubscriptionPlanner {
    return this.#planner;
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

  /** A newer generation serves; until it has moved or ended, the operation counts as one that is to move. */
  awaitMove(): void {
    if (this.#awaitsMove || this.#closed) return;
    this.#awaitsMove = true;
    this.counters.movesPending += 1;
  }

  /**
   * Goes on in another generation, by a plan whose answers are the same (S19). What goes upstream the same goes on as it is:
   * only the joins are others from here on. Else the upstream of the plan takes over at the last cursor.
   */
  move({ planner, plan }: Planned): void {
    if (this.#ending !== null) return;
    const upstream = this.#options.upstreamOf(plan);
    this.#planner = planner;
    this.#move?.stop();
    this.#move = null;
    if (asksTheSame(this.#plan, plan)) {
      if (this.#unsubscribe !== null) this.#goOn(plan);
    } else if (this.#begun) {
      this.#move = new Move({
        upstream: upstream.shared,
        request: (cursor) => liveRequest(plan, cursor),
        cursor: () => this.#received,
        sink: this.#sink(),
        reconnectMs: this.limits.reconnectMs,
        takeOver: () => this.#takeOver(plan, upstream),
        refused: (reason) => this.invalidate(reason),
      });
    } else {
      // Nobody was told where it begins.
      this.#leaveUpstream();
      this.#upstream = upstream;
      this.#goOn(plan);
      this.#open();
    }
  }

  /** Ends behind what has arrived: another schema gave it another meaning. */
  invalidate(reason: string): void {
    if (this.#ending !== null) return;
    this.counters.movesRefused += 1;
    this.#move?.stop();
    this.#move = null;
    this.#leaveUpstream();
    this.#pump.push({ kind: 'END', errors: [invalidated(this.field, reason)] });
  }

  #open(): void {
    this.#unsubscribe = this.#upstream.shared.subscribe(
      () => liveRequest(this.#plan, this.#received),
      this.#sink(),
    );
    if (this.#pressed) this.#holdBack();
  }

  #sink(): SharedSink {
    return {
      sent: (hasCursors) => this.#onSent(hasCursors),
      next: (payload, stamp, bytes) => {
        const gap = this.#broken && (stamp.cursor === null || this.#blind);
        this.#broken = false;
        this.#blind = false;
        this.#received = stamp.cursor;
        this.#pump.push({ kind: 'EVENT', payload, stamp: gap ? { ...stamp, gap } : stamp, bytes });
      },
      progress: (cursor, snapshot) => {
        this.#received = cursor;
        if (snapshot) this.#snapshots = true;
        this.#pump.push({ kind: 'PROGRESS', cursor });
      },
      failed: (errors) => this.#onFailed(errors),
      completed: () => this.#pump.push({ kind: 'END', errors: null }),
      lost: (errors) => this.#onLost(errors),
    };
  }

  #takeOver(plan: SubscriptionPlan, upstream: Upstream): void {
    this.#leaveUpstream();
    const move = this.#move;
    this.#unsubscribe = () => move?.stop();
    this.#move = null;
    this.#upstream = upstream;
    if (this.#pressed) this.#holdBack();
    // Without cursors nobody knows what went by between the two (S18).
    this.#broken = this.#received === null;
    this.#goOn(plan);
  }

  #goOn(plan: SubscriptionPlan): void {
    this.#plan = plan;
    this.#served = this.#planner;
    this.#pump.push({ kind: 'PLAN', plan });
    this.counters.moves += 1;
    this.#settleMove();
    this.catchUps.settle(null);
  }

  #settleMove(): void {
    if (!this.#awaitsMove) return;
    this.#awaitsMove = false;
    this.counters.movesPending -= 1;
  }

  #leaveUpstream(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = null;
    this.#isAside = false;
    this.#upstream.shared.resume(this);
  }

  /** Too much waits for its joins; or half of that is gone. */
  #press(high: boolean): void {
    if (this.#pressed === high) return;
    this.#pressed = high;
    if (high) {
      this.#holdBack();
    } else if (!this.#isAside) {
      this.#upstream.shared.resume(this);
    } else if (!this.#closed) {
      this.#isAside = false;
      this.#open();
    }
  }

  /**
   * The operation leaves the socket that it shares with others, and goes on at its last cursor when half of what waits is
   * gone. Without cursors that would be a gap, so the socket is paused.
   */
  #holdBack(): void {
    if (this.#received === null || this.#unsubscribe === null) {
      this.#upstream.shared.pause(this);
      return;
    }
    this.#unsubscribe();
    this.#unsubscribe = () => {};
    this.#isAside = true;
    this.counters.slowOperations += 1;
  }

  /** Its root may have moved to another subgraph, which is no end. */
  #onFailed(errors: readonly GraphQLFormattedError[]): void {
    this.#unsubscribe = null;
    if (this.#move === null) this.#options.onRefused();
    if (this.#move === null && this.#unsubscribe === null) this.#pump.push({ kind: 'END', errors });
  }

  /** What refuses a catch-up refuses the operation too, or will: it waits for the same move, or ends by the same end. */
  #onCatchUpRefused(errors: readonly GraphQLFormattedError[]): readonly GraphQLFormattedError[] | null {
    if (this.#move === null && this.#ending === null) this.#options.onRefused();
    const { ending } = this;
    if (ending !== null) return ending.errors ?? errors;
    const isEnding = this.#unsubscribe === null;
    return this.#move !== null || isEnding ? null : errors;
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
    if (this.#begun && this.#received === null) this.#blind = true;
  }

  /** An upstream that never began is not waited for without end; one that did is (S18). */
  #giveUp(): void {
    const { name, url } = this.#plan.subgraph;
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
    // Progress alone wakes nobody: transports ask for it now and then. Ten thousand operations would wake all sockets.
    let isDue = this.ring.head === null;
    for (const item of output) {
      if (this.#ending !== null) return;
      if (item.kind === 'EVENT') {
        this.#begin();
        this.counters.executions += 1;
        this.ring.append(item.entry);
        isDue = true;
      } else if (item.kind === 'PROGRESS') {
        this.ring.progress(item.cursor);
        this.#begin();
      } else {
        this.#end(item.errors);
        return;
      }
    }
    if (isDue) wakeSoon(this);
  }

  /** Clients look for what is due. */
  wakeAll(): void {
    for (const subscriber of this.#subscribers) subscriber.wake();
  }

  /** The upstream is over: clients get what is left in the ring, then the ending. */
  #end(errors: readonly GraphQLFormattedError[] | null): void {
    if (this.#ending !== null) return;
    this.#ending = { errors };
    this.#closeUpstream();
    this.catchUps.settle(errors);
    for (const subscriber of this.#subscribers) {
      if (subscriber.waiting) subscriber.begin();
      subscriber.wake();
    }
  }

  #close(): void {
    this.#closeUpstream();
    this.catchUps.stop();
    this.ring.close();
  }

  #closeUpstream(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#start);
    this.#pump.stop();
    this.#move?.stop();
    this.#move = null;
    this.#leaveUpstream();
    this.#settleMove();
    this.counters.operations -= 1;
    this.counters.upstreams -= 1;
    this.#options.onClosed();
  }
}
