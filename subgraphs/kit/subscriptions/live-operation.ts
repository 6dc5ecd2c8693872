import type { Position } from '../../../schema/position.ts';
import { isPromise, type MaybePromise } from '../maybe-promise.ts';
import type { BoundFilter } from '../stream/filter.ts';
import type { LostRange, Stream } from '../stream/stream.ts';
import type { Sent } from './sent.ts';

/** Deliveries that are executed together, so that their reads share one DataLoader batch (S17). */
const executedTogether = 500;
/** Deliveries that wait for their execution. Policy: disconnect; who is cut off comes back with its cursor. */
const queueBound = 20_000;

export interface LiveListener<Result> {
  take(results: readonly Result[]): void;
  overrun(): void;
  /**
   * Records were lost to retention before they were read; what was published before has been given, and what is left
   * comes from `goOnAt` on.
   */
  missed(range: LostRange, goOnAt: Position): void;
}

interface Batch<Result> {
  readonly sent: readonly Sent[];
  /** What is told behind them. */
  readonly missed: { readonly range: LostRange; readonly goOnAt: Position } | null;
  readonly listeners: readonly LiveListener<Result>[];
}

export interface LiveOperationOptions<Result> {
  readonly stream: Stream;
  readonly change: boolean;
  readonly filters: readonly BoundFilter[];
  /** Results in the order of the deliveries; must not reject. */
  readonly execute: (sent: readonly Sent[]) => MaybePromise<readonly Result[]>;
  readonly onEmpty: () => void;
}

/**
 * One distinct operation that follows a stream: an event is executed once, whatever the number of its listeners.
 * Results leave in the order of publication.
 */
export class LiveOperation<Result> {
  readonly #options: LiveOperationOptions<Result>;
  readonly #listeners = new Set<LiveListener<Result>>();
  readonly #unsubscribe: () => void;
  #queue: Sent[] = [];
  /** What is queued, cut where listeners joined, and where records were lost. */
  #batches: Batch<Result>[] = [];
  /** Deliveries in the queue and in batches that are not yet in execution. */
  #waiting = 0;
  #executing = false;

  constructor(options: LiveOperationOptions<Result>) {
    this.#options = options;
    this.#unsubscribe = options.stream.subscribe({
      change: options.change,
      filters: options.filters,
      deliver: (delivery, position) => this.#enqueue({ delivery, position, snapshotUntil: null }),
      missed: (range) => this.#missed(range),
    });
  }

  /**
   * From now on `listener` takes the results of events that are published after this call. What is in execution at
   * the call was published before it and is not for this listener.
   */
  attach(listener: LiveListener<Result>): () => void {
    // Results of the events queued so far go to those who were there: a listener begins behind them.
    this.#cut();
    this.#listeners.add(listener);
    return () => {
      if (!this.#listeners.delete(listener) || this.#listeners.size > 0) return;
      this.#unsubscribe();
      this.#drop();
      this.#options.onEmpty();
    };
  }

  /** Position up to which everything has left; null while events are on their way. */
  get idlePosition(): Position | null {
    return this.#executing || this.#queue.length > 0 ? null : this.#options.stream.position;
  }

  #enqueue(sent: Sent): void {
    this.#queue.push(sent);
    this.#waiting++;
    if (this.#waiting > queueBound) {
      this.#drop();
      for (const listener of [...this.#listeners]) listener.overrun();
      return;
    }
    this.#begin();
  }

  #begin(): void {
    if (this.#executing) return;
    this.#executing = true;
    drainLater(this);
  }

  #missed(range: LostRange): void {
    this.#cut();
    const missed = { range, goOnAt: this.#options.stream.position };
    this.#batches.push({ sent: [], missed, listeners: [...this.#listeners] });
    this.#begin();
  }

  #drop(): void {
    this.#queue = [];
    this.#batches = [];
    this.#waiting = 0;
  }

  #cut(): void {
    if (this.#queue.length === 0) return;
    this.#batches.push({ sent: this.#queue, missed: null, listeners: [...this.#listeners] });
    this.#queue = [];
  }

  /** Executes what is queued, batch by batch; goes on by itself behind what takes longer than this turn. */
  drain(): void {
    for (let batch = this.#nextBatch(); batch !== undefined; batch = this.#nextBatch()) {
      const executing = this.#run(batch, 0);
      if (!isPromise(executing)) continue;
      void executing.then(() => this.drain());
      return;
    }
    this.#executing = false;
  }

  #nextBatch(): Batch<Result> | undefined {
    this.#cut();
    const batch = this.#batches.shift();
    this.#waiting -= batch?.sent.length ?? 0;
    return batch;
  }

  #run(batch: Batch<Result>, from: number): MaybePromise<void> {
    for (let at = from; at < batch.sent.length; at += executedTogether) {
      const executing = this.#options.execute(batch.sent.slice(at, at + executedTogether));
      if (isPromise(executing)) {
        return executing.then((results) => {
          this.#give(batch, results);
          return this.#run(batch, at + executedTogether);
        });
      }
      this.#give(batch, executing);
    }
    const { missed } = batch;
    if (missed === null) return;
    for (const listener of batch.listeners)
      if (this.#listeners.has(listener)) listener.missed(missed.range, missed.goOnAt);
  }

  #give({ listeners }: Batch<Result>, results: readonly Result[]): void {
    for (const listener of listeners) if (this.#listeners.has(listener)) listener.take(results);
  }
}

let due: { drain(): void }[] = [];

/** The rest of the fetch is published in this turn of the loop: executed together, and by one microtask for all operations. */
const drainLater = (operation: { drain(): void }): void => {
  if (due.length === 0) void Promise.resolve().then(drainDue);
  due.push(operation);
};

const drainDue = (): void => {
  const operations = due;
  due = [];
  for (const operation of operations) operation.drain();
};
