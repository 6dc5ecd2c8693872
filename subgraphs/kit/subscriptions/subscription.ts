import type { ExecutionResult } from 'graphql';
import { TributaryError } from '../../../schema/errors.ts';
import type { Position } from '../../../schema/position.ts';
import { covers, laterOf } from '../../../schema/position.ts';
import { type BoundFilter, bindFilters } from '../stream/filter.ts';
import { selector } from '../stream/stream.ts';
import type { ServedStream } from '../topic-source.ts';
import type { View } from '../view/view.ts';
import { catchUpChanges } from './catch-up-changes.ts';
import { catchUpEvents, type RecentPiece, recentSent } from './catch-up-events.ts';
import { type Feed, payloadText } from './feed.ts';
import { type CatchUpLimits, catchUpLimits } from './limits.ts';
import { LiveOperation } from './live-operation.ts';
import { Mailbox } from './mailbox.ts';
import type { ExecuteSent, SubscriptionRequest } from './request.ts';
import { type ResultMaker, resultMaker } from './result.ts';
import type { Sent } from './sent.ts';
import { SharedPages } from './shared-pages.ts';
import { type SideFetchCounters, SideFetches } from './side-fetches.ts';
import { expired, refuseExpired, resolveStart, type Start } from './start.ts';
import { Turns } from './turns.ts';

/** Results that a listener may leave untaken. Policy: disconnect; it comes back with its cursor. */
const mailboxBound = 10_000;
/** Of a catch-up: with 500 of them an event that is live waited 50 ms for each client that caught up. */
const executedInTurn = 100;

export interface OpenSubscription extends AsyncIterableIterator<ExecutionResult, void> {
  /** Where it stands when everything up to there has been taken; null while something is on its way. */
  standing(): Standing | null;
  return(): Promise<IteratorResult<ExecutionResult, void>>;
}

export interface Standing {
  /** The same array for all operations that stand at the same place of a stream. */
  readonly position: Position;
  cursor(): string;
}

export interface SubscriptionCounters {
  /** Distinct live operations. */
  readonly operations: number;
  readonly subscriptions: number;
  /** Events executed since the start. */
  readonly executed: number;
  readonly sideFetches: SideFetchCounters;
  /** Pages read from views for snapshots and catch-ups since the start. */
  readonly pages: number;
}

/** All subscriptions of a process. Identical live operations share their execution, late clients what they read. */
export class Subscriptions {
  readonly #live = new Map<string, LiveOperation<ExecutionResult>>();
  readonly #turns = new Turns();
  readonly #counters = { live: 0, executed: 0 };
  readonly #sideFetches: SideFetches;
  readonly #pages = new Map<View, SharedPages>();

  constructor(limits: CatchUpLimits = catchUpLimits) {
    this.#sideFetches = new SideFetches(limits);
  }

  get counters(): SubscriptionCounters {
    let pages = 0;
    for (const { reads } of this.#pages.values()) pages += reads;
    return {
      operations: this.#live.size,
      subscriptions: this.#counters.live,
      executed: this.#counters.executed,
      sideFetches: this.#sideFetches.counters,
      pages,
    };
  }

  /** A hand-written iterator, so that `return()` ends it while it waits for Kafka or for the view. */
  open(request: SubscriptionRequest): OpenSubscription {
    const stop = new AbortController();
    const state: SubscriptionState = { position: () => null, waiting: false };
    const maker = resultMaker(request);
    const results = this.#results(request, maker, stop.signal, state);
    this.#counters.live++;
    let ended = false;
    const end = (): void => {
      if (!ended) this.#counters.live--;
      ended = true;
      // Ends what it holds of Kafka and of the view, however it ended.
      stop.abort();
    };
    const finished = { done: true, value: undefined } as const;
    return {
      [Symbol.asyncIterator]() {
        return this;
      },
      next: async () => {
        try {
          state.waiting = true;
          const result = await results.next();
          if (result.done === true) end();
          return result;
        } catch (error) {
          // Who has left is told nothing: what it waited for failed because it left.
          if (ended) return finished;
          end();
          throw error;
        } finally {
          state.waiting = false;
        }
      },
      return: async () => {
        end();
        await results.return(undefined);
        return finished;
      },
      standing: () => {
        const position = state.waiting ? state.position() : null;
        return position === null ? null : { position, cursor: () => maker.cursor(position, null) };
      },
    };
  }

  async *#results(
    request: SubscriptionRequest,
    maker: ResultMaker,
    signal: AbortSignal,
    state: SubscriptionState,
  ): AsyncGenerator<ExecutionResult, void> {
    const { stream, args } = request;
    const filters = bindFilters(stream.description.filters, args);
    await whenReady(stream, signal);
    const start = await resolveStart(stream, args, request.start, signal);
    // Before a RESET there is no position to go on from: who did would never be told to forget what it holds.
    if (!start.reset) {
      request.onStart(
        maker.cursor(start.from, start.snapshotUntil, start.time),
        start.now && stream.description.snapshot,
      );
    }
    let reached = start.from;
    if (!start.now || start.until !== null) {
      const catchUp = this.#catchUp(request, start, filters, signal);
      for (let page = await catchUp.next(); ; page = await catchUp.next()) {
        if (signal.aborted) return;
        if (page.done === true) {
          reached = page.value;
          break;
        }
        yield* this.#executeInTurns(maker.execute, page.value);
      }
    }
    if (start.until !== null) {
      request.onEnd(maker.cursor(reached, null, start.time));
      return;
    }
    yield* this.#follow({ ...request, execute: maker.execute }, filters, reached, signal, state);
  }

  /**
   * What the window holds goes ahead, in pieces. From the last of them to the attachment nothing waits, so that it and what
   * comes live have no gap. `request` executes with positions.
   */
  async *#follow(
    request: SubscriptionRequest,
    filters: readonly BoundFilter[],
    reached: Position,
    signal: AbortSignal,
    state: SubscriptionState,
  ): AsyncGenerator<ExecutionResult, void> {
    const { feed, stream, execute } = request;
    const { source, description } = stream;
    const window = { source, select: selector(description.change !== null, filters) };
    const recent = (from: Position, place: number): RecentPiece => {
      if (!source.stream.holdsFrom(from)) throw overrun();
      return recentSent(window, from, place, null);
    };
    let piece = recent(reached, 0);
    while (!piece.last) {
      yield* this.#executeInTurns(execute, piece.sent);
      if (signal.aborted) return;
      piece = recent(piece.position, piece.place);
    }
    const mailbox = new Mailbox<ExecutionResult>(mailboxBound);
    const joined = laterOf(piece.position, source.stream.position);
    const operation = this.#operation(request, filters);
    let lost: TributaryError | null = null;
    const detach = operation.attach({
      take: (results) => {
        const given = feed === undefined || signal.aborted ? 0 : giveFirst(results, feed, mailbox);
        if (given < results.length) mailbox.put(given === 0 ? results : results.slice(given));
      },
      overrun: () => mailbox.overrun(),
      missed: (range, goOnAt) => {
        // The reader itself fell behind retention: the same answer as to a cursor from before (S11).
        lost ??= expired(request.stream, request.args, [range], goOnAt);
        mailbox.overrun();
      },
    });
    try {
      yield* this.#executeInTurns(execute, piece.sent);
      state.position = () => {
        const idle = mailbox.isEmpty ? operation.idlePosition : null;
        if (idle === null || covers(idle, joined)) return idle;
        return laterOf(idle, joined);
      };
      for (;;) {
        const taken = await mailbox.take(signal);
        if (taken === null) return;
        if (taken === 'OVERRUN') throw lost ?? overrun();
        yield* taken;
      }
    } finally {
      detach();
    }
  }

  #operation(request: SubscriptionRequest, filters: readonly BoundFilter[]): LiveOperation<ExecutionResult> {
    const running = this.#live.get(request.identity);
    if (running !== undefined) return running;
    const { execute } = request;
    const operation = new LiveOperation<ExecutionResult>({
      stream: request.stream.source.stream,
      change: request.stream.description.change !== null,
      filters,
      execute: (sent) => this.#execute(execute, sent),
      onEmpty: () => this.#live.delete(request.identity),
    });
    this.#live.set(request.identity, operation);
    return operation;
  }

  #catchUp(
    { stream, args }: SubscriptionRequest,
    start: Start,
    filters: readonly BoundFilter[],
    signal: AbortSignal,
  ): AsyncGenerator<readonly Sent[], Position> {
    const { source, description } = stream;
    if (description.change !== null && source.view !== null) {
      const { view } = source;
      return catchUpChanges({ source, view, pages: this.#pagesOf(view), start, filters, signal });
    }
    return catchUpEvents({
      source,
      start,
      filters,
      sideFetches: this.#sideFetches,
      // How far back a client may begin is no bound for one that has begun.
      refuseExpired: async (position) => refuseExpired(stream, args, position, await source.topic.earliest()),
      signal,
    });
  }

  #pagesOf(view: View): SharedPages {
    const pages = this.#pages.get(view) ?? new SharedPages(view, this.#turns);
    this.#pages.set(view, pages);
    return pages;
  }

  /** What one client alone gets. */
  async *#executeInTurns(execute: ExecuteSent, sent: readonly Sent[]): AsyncGenerator<ExecutionResult, void> {
    for (let from = 0; from < sent.length; from += executedInTurn) {
      await this.#turns.next();
      yield* await this.#execute(execute, sent.slice(from, from + executedInTurn));
    }
  }

  #execute(execute: ExecuteSent, sent: readonly Sent[]): ReturnType<ExecuteSent> {
    this.#counters.executed += sent.length;
    return execute(sent);
  }
}

/** Sends past the mailbox what may go ahead of nothing there; how many that were. */
const giveFirst = (
  results: readonly ExecutionResult[],
  feed: Feed,
  mailbox: Mailbox<ExecutionResult>,
): number => {
  let given = 0;
  for (const result of results) {
    if (!mailbox.isAwaited || !feed.isOpen) break;
    feed.next(payloadText(result));
    given += 1;
  }
  return given;
};

interface SubscriptionState {
  position: () => Position | null;
  waiting: boolean;
}

const readyWaitMs = 30_000;

const whenReady = async ({ source }: ServedStream, signal: AbortSignal): Promise<void> => {
  if (source.isReady) return;
  const { promise: over, resolve } = Promise.withResolvers<'OVER'>();
  const timer = setTimeout(() => resolve('OVER'), readyWaitMs);
  const giveUp = (): void => resolve('OVER');
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    if ((await Promise.race([source.ready, over])) === 'OVER') {
      throw new TributaryError(
        'VIEW_NOT_READY',
        `"${source.topic.name}" is still being read from its start. Try again.`,
      );
    }
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
  }
};

const overrun = (): TributaryError =>
  new TributaryError(
    'SLOW_CLIENT',
    `More than ${mailboxBound} events wait for this subscriber. Subscribe again with the last cursor.`,
  );
