import type { GraphQLFormattedError } from 'graphql';
import { type ErrorLog, refusal } from '../errors.ts';
import type { GatewayLimits } from '../limits.ts';
import { CatchUp, type CatchUpOptions } from './catch-up.ts';
import type { CatchUpReader, CatchUpSink } from './catch-up-reader.ts';
import type { SubscriptionCounters } from './counters.ts';
import type { JoinBudget } from './join-budget.ts';
import type { SubscriptionPlan, SubscriptionPlanner } from './plan.ts';
import type { Ring, RingBudget } from './ring.ts';
import type { CatchUpPosition } from './start-position.ts';
import type { Slots } from './upstream/slots.ts';

/** Finished catch-ups of an operation that are kept for clients to come; the oldest goes first. */
const maximumKept = 4;

export interface CatchUpsOptions {
  /** Of the operation as it is served now; where it begins at a time, with that written in. May throw SubscriptionRefused. */
  readonly plan: (begin: CatchUpPosition) => SubscriptionPlan;
  /** The generation by which it is served now. */
  readonly generation: () => SubscriptionPlanner;
  readonly slotsOf: (plan: SubscriptionPlan) => Slots;
  readonly limits: GatewayLimits;
  readonly budget: RingBudget;
  readonly joinBudget: JoinBudget;
  readonly counters: SubscriptionCounters;
  readonly logError: ErrorLog;
  readonly onCatchUpRefused: CatchUpOptions['onRefused'];
}

/** Where the shared stream stands: what follows `head` comes at the end of `ring`. */
export interface SharedStream {
  readonly ring: Ring;
  readonly head: string;
}

/**
 * The catch-ups of one operation. A thousand clients that come back at once, each with a cursor of its own, share a few:
 * one that is under way, or was done a moment ago, serves everyone who stands where it began or further on.
 */
export class CatchUps {
  readonly #options: CatchUpsOptions;
  readonly #catchUps = new Set<CatchUp>();
  /** Done and without clients, oldest first; each goes when its time is over. */
  readonly #kept = new Map<CatchUp, NodeJS.Timeout>();

  constructor(options: CatchUpsOptions) {
    this.#options = options;
  }

  /**
   * Puts a client on one, from its position to the shared stream. `alone`: on one that nobody else joins. Null: the
   * generation that serves does not know such a position any more, which the sink has been told.
   */
  join(
    position: CatchUpPosition,
    stream: SharedStream,
    alone: boolean,
    sink: CatchUpSink,
  ): CatchUpReader | null {
    try {
      return this.#join(position, stream, alone, sink);
    } catch (error) {
      sink.failed(refusal(error, this.#options.logError));
      return null;
    }
  }

  #join(position: CatchUpPosition, stream: SharedStream, alone: boolean, sink: CatchUpSink): CatchUpReader {
    const plan = this.#options.plan(position);
    for (const catchUp of alone ? [] : this.#catchUps) {
      // The shared ring has to hold what follows a catch-up.
      const isUsable = catchUp.asksAs(plan) && stream.ring.start <= catchUp.index;
      const reader = isUsable ? catchUp.admit(position, sink) : null;
      if (reader === null) continue;
      this.#unkeep(catchUp);
      this.#options.counters.catchUpsShared += 1;
      return reader;
    }
    const { ring, head } = stream;
    return this.#open({ plan, begin: position, index: ring.end, until: head, alone }).open(sink);
  }

  /** The operation has moved, or ended by `errors`: what waited for that goes on. */
  settle(errors: readonly GraphQLFormattedError[] | null): void {
    for (const catchUp of [...this.#catchUps]) catchUp.settle(errors);
  }

  /** Ends all of them; their clients are gone. */
  stop(): void {
    for (const catchUp of [...this.#catchUps]) this.#drop(catchUp);
  }

  #open(own: Pick<CatchUpOptions, 'plan' | 'begin' | 'index' | 'until' | 'alone'>): CatchUp {
    const { limits, budget, joinBudget, counters, logError, slotsOf, generation, onCatchUpRefused } =
      this.#options;
    const began = generation();
    counters.catchUpsOpened += 1;
    const catchUp = new CatchUp({
      ...own,
      limits,
      budget,
      joinBudget,
      logError,
      slots: slotsOf(own.plan),
      // By the same generation it is not planned again: a progressive override could say otherwise each time.
      isOutdated: () => generation() !== began && this.#isOutdated(catchUp, own.begin),
      onRefused: onCatchUpRefused,
      onRunning: (change) => {
        counters.catchUps += change;
      },
      onIdle: () => this.#onIdle(catchUp, own.alone),
    });
    this.#catchUps.add(catchUp);
    return catchUp;
  }

  #isOutdated(catchUp: CatchUp, begin: CatchUpPosition): boolean {
    try {
      return !catchUp.asksAs(this.#options.plan(begin));
    } catch {
      // Who starts over is told why.
      return true;
    }
  }

  #onIdle(catchUp: CatchUp, alone: boolean): void {
    if (alone || catchUp.reached === null) {
      this.#drop(catchUp);
      return;
    }
    const timer = setTimeout(() => this.#drop(catchUp), this.#options.limits.catchUpKeptMs);
    this.#kept.set(catchUp, timer.unref());
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > maximumKept && oldest !== undefined) this.#drop(oldest);
  }

  #unkeep(catchUp: CatchUp): void {
    clearTimeout(this.#kept.get(catchUp));
    this.#kept.delete(catchUp);
  }

  #drop(catchUp: CatchUp): void {
    this.#unkeep(catchUp);
    this.#catchUps.delete(catchUp);
    catchUp.stop();
  }
}
