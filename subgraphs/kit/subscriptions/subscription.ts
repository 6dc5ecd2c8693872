import type { ExecutionResult } from 'graphql';
import { TributaryError } from '../../../schema/errors.ts';
import type { Position } from '../../../schema/position.ts';
import { laterOf } from '../../../schema/position.ts';
import { type BoundFilter, bindFilters } from '../stream/filter.ts';
import { type LostRange, selector } from '../stream/stream.ts';
import type { ServedStream } from '../topic-source.ts';
import { catchUpChanges } from './catch-up-changes.ts';
import { catchUpEvents, recentSent } from './catch-up-events.ts';
import { executedTogether, LiveOperation } from './live-operation.ts';
import { Mailbox } from './mailbox.ts';
import type { ExecuteSent, SubscriptionRequest } from './request.ts';
import { resultMaker } from './result.ts';
import type { Sent } from './sent.ts';
import { expired, resolveStart, type Start } from './start.ts';

/** Results that a listener may leave untaken. Policy: disconnect; it comes back with its cursor. */
const mailboxBound = 10_000;

export interface OpenSubscription extends AsyncIterableIterator<ExecutionResult, void> {
  /** The cursor behind everything that has been taken, when nothing is on its way; else null. */
  progress(): string | null;
  return(): Promise<IteratorResult<ExecutionResult, void>>;
}

/** All subscriptions of a process. Identical live operations share their execution. */
export class Subscriptions {
  readonly #live = new Map<string, LiveOperation<ExecutionResult>>();
  readonly #counters = { live: 0, executed: 0 };

  get counters(): { readonly operations: number; readonly subscriptions: number; readonly executed: number } {
    return {
      operations: this.#live.size,
      subscriptions: this.#counters.live,
      executed: this.#counters.executed,
    };
  }

  /** A hand-written iterator, so that `return()` ends it while it waits for Kafka or for the view. */
  open(request: SubscriptionRequest): OpenSubscription {
    const stop = new AbortController();
    const state: SubscriptionState = { position: () => null, waiting: false };
    const results = this.#results(request, stop.signal, state);
    const maker = resultMaker(request);
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
      progress: () => {
        const position = state.waiting ? state.position() : null;
        return position === null ? null : maker.cursor(position, null);
      },
    };
  }

  async *#results(
    request: SubscriptionRequest,
    signal: AbortSignal,
    state: SubscriptionState,
  ): AsyncGenerator<ExecutionResult, void> {
    const { stream, args } = request;
    const maker = resultMaker(request);
    const filters = bindFilters(stream.description.filters, args);
    await whenReady(stream, signal);
    const start = await resolveStart(stream, args, request.start, signal);
    request.onStart(maker.cursor(start.from, start.snapshotUntil), start.now && stream.description.snapshot);
    let reached = start.from;
    if (!start.now || start.until !== null) {
      const catchUp = catchUpOf(stream, start, filters, signal);
      for (let page = await catchUp.next(); ; page = await catchUp.next()) {
        if (signal.aborted) return;
        if (page.done === true) {
          reached = page.value;
          break;
        }
        yield* this.#executeAll(maker.execute, page.value);
      }
    }
    if (start.until !== null) {
      request.onEnd(maker.cursor(reached, null));
      return;
    }
    yield* this.#follow(request, filters, reached, signal, state);
  }

  /** From here to the attachment nothing waits, so that what the window held and what comes live have no gap. */
  async *#follow(
    request: SubscriptionRequest,
    filters: readonly BoundFilter[],
    reached: Position,
    signal: AbortSignal,
    state: SubscriptionState,
  ): AsyncGenerator<ExecutionResult, void> {
    const { source, description } = request.stream;
    if (!source.stream.holdsFrom(reached)) throw overrun();
    const mailbox = new Mailbox<ExecutionResult>(mailboxBound);
    const recent = recentSent(
      { source, select: selector(description.change !== null, filters) },
      reached,
      null,
    );
    const joined = laterOf(reached, source.stream.position);
    const operation = this.#operation(request, filters);
    let lost: LostRange | null = null;
    const detach = operation.attach({
      take: (results) => mailbox.put(results),
      overrun: () => mailbox.overrun(),
      missed: (range) => {
        lost ??= range;
        mailbox.overrun();
      },
    });
    try {
      yield* this.#executeAll(resultMaker(request).execute, recent);
      state.position = () => {
        const idle = mailbox.isEmpty ? operation.idlePosition : null;
        return idle === null ? null : laterOf(idle, joined);
      };
      for (;;) {
        const taken = await mailbox.take(signal);
        if (taken === null) return;
        if (taken === 'OVERRUN') throw lost === null ? overrun() : lostWhileReading(request, lost);
        yield* taken;
      }
    } finally {
      detach();
    }
  }

  #operation(request: SubscriptionRequest, filters: readonly BoundFilter[]): LiveOperation<ExecutionResult> {
    const running = this.#live.get(request.identity);
    if (running !== undefined) return running;
    const { execute } = resultMaker(request);
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

  async *#executeAll(execute: ExecuteSent, sent: readonly Sent[]): AsyncGenerator<ExecutionResult, void> {
    for (let from = 0; from < sent.length; from += executedTogether) {
      yield* await this.#execute(execute, sent.slice(from, from + executedTogether));
    }
  }

  #execute(execute: ExecuteSent, sent: readonly Sent[]): Promise<readonly ExecutionResult[]> {
    this.#counters.executed += sent.length;
    return execute(sent);
  }
}

interface SubscriptionState {
  position: () => Position | null;
  waiting: boolean;
}

const catchUpOf = (
  stream: ServedStream,
  start: Start,
  filters: readonly BoundFilter[],
  signal: AbortSignal,
): AsyncGenerator<readonly Sent[], Position> => {
  const { source, description } = stream;
  if (description.change !== null && source.view !== null) {
    return catchUpChanges({ source, view: source.view, start, filters, signal });
  }
  return catchUpEvents({ source, start, select: selector(description.change !== null, filters), signal });
};

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

/** The reader itself fell behind retention: the same answer as to a cursor from before (S11). */
const lostWhileReading = ({ stream, args }: SubscriptionRequest, lost: LostRange): TributaryError =>
  expired(stream, args, [lost], stream.source.stream.position);

const overrun = (): TributaryError =>
  new TributaryError(
    'SLOW_CLIENT',
    `More than ${mailboxBound} events wait for this subscriber. Subscribe again with the last cursor.`,
  );
