import { TributaryError } from '../../../schema/errors.ts';
import type { RawBatch } from '../records.ts';
import type { Reader, ReaderSink } from './topic.ts';

export interface TopicRangeOptions {
  readonly topic: { readonly name: string };
  readonly signal: AbortSignal;
  readonly start: (sink: ReaderSink) => Reader;
}

interface Offer {
  readonly batch: RawBatch;
  readonly taken: () => void;
}

type Waiting = PromiseWithResolvers<IteratorResult<RawBatch, undefined>>;

const finished: IteratorResult<RawBatch, undefined> = { done: true, value: undefined };

/**
 * Pulls what a reader pushes: a batch counts as taken when the next one is asked for, so a slow consumer holds the
 * reader back, which bounds what is read ahead. Hand-written, because `return()` of a native generator would wait
 * behind a pending fetch: here it settles pending `next()`s at once.
 */
export class TopicRange implements AsyncIterator<RawBatch, undefined> {
  readonly #offers: Offer[] = [];
  readonly #waiting: Waiting[] = [];
  readonly #reader: Reader;
  readonly #signal: AbortSignal;
  readonly #onAbort = () => void this.return();
  #current: Offer | null = null;
  #failure: { readonly error: unknown } | null = null;
  #closed = false;

  constructor(options: TopicRangeOptions) {
    this.#signal = options.signal;
    this.#reader = options.start(this.#sink(options.topic.name));
    this.#reader.done.then(
      () => this.#end(),
      (error: unknown) => this.#end(error),
    );
    if (this.#signal.aborted) this.#onAbort();
    else this.#signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  next(): Promise<IteratorResult<RawBatch, undefined>> {
    this.#current?.taken();
    this.#current = null;
    const offer = this.#offers.shift();
    if (offer !== undefined) return Promise.resolve(this.#give(offer));
    if (this.#failure !== null) {
      const { error } = this.#failure;
      this.#failure = null;
      return Promise.reject(error);
    }
    if (this.#closed) return Promise.resolve(finished);
    const waiting: Waiting = Promise.withResolvers();
    this.#waiting.push(waiting);
    return waiting.promise;
  }

  async return(): Promise<IteratorResult<RawBatch, undefined>> {
    this.#failure = null;
    const dropped = this.#offers.splice(0);
    if (this.#current !== null) dropped.push(this.#current);
    this.#current = null;
    this.#end();
    for (const offer of dropped) offer.taken();
    await this.#reader.stop();
    return finished;
  }

  #sink(name: string): ReaderSink {
    return {
      batch: (batch) => this.#offer(batch),
      outOfRange: ({ partition, position, logStart, end }) =>
        Promise.reject(
          new TributaryError(
            'CURSOR_EXPIRED',
            `Partition ${partition} of ${name} holds offsets ${logStart} to ${end}; ${position} is gone.`,
            { details: { reason: 'RETENTION', lost: [{ partition, from: position, until: logStart }] } },
          ),
        ),
      recreated: () => {
        this.#end(new TributaryError('CURSOR_EXPIRED', `Topic ${name} was deleted, or made again.`));
      },
    };
  }

  #offer(batch: RawBatch): Promise<void> {
    if (this.#closed) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const offer = { batch, taken: resolve };
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#offers.push(offer);
    else waiting.resolve(this.#give(offer));
    return promise;
  }

  #give(offer: Offer): IteratorResult<RawBatch, undefined> {
    this.#current = offer;
    return { done: false, value: offer.batch };
  }

  /** No more offers come; those that wait are still given. */
  #end(error?: unknown): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#signal.removeEventListener('abort', this.#onAbort);
    const [first, ...others] = this.#waiting.splice(0);
    if (error !== undefined && first !== undefined) first.reject(error);
    else {
      if (error !== undefined) this.#failure = { error };
      first?.resolve(finished);
    }
    for (const waiting of others) waiting.resolve(finished);
  }
}
