import type { GraphQLFormattedError } from 'graphql';
import { decodeCursor } from '../../schema/cursor/decode.ts';
import { Backoff } from './upstream/backoff.ts';
import type { SharedSink, SharedUpstream } from './upstream/shared.ts';
import type { UpstreamRequest } from './upstream/socket.ts';

/** Refusals of the next upstream, such as of a replica that does not know the new schema yet; then the operation ends. */
const maximumRefusals = 5;

export interface MoveOptions {
  /** Where the operation goes on. */
  readonly upstream: SharedUpstream;
  /** The operation behind a cursor; without one: from now on. */
  request(cursor: string | null): UpstreamRequest;
  /** The operation's last cursor; null: its upstream gives none. */
  cursor(): string | null;
  /** Of the operation. It hears the next upstream as soon as that has taken over, and nothing of it before. */
  readonly sink: SharedSink;
  /** Longest pause between two attempts, milliseconds. */
  readonly reconnectMs: number;
  /** The present upstream is to be ended: the operation goes on by this one. */
  takeOver(): void;
  /** The operation cannot go on; `reason` is a sentence for clients. */
  refused(reason: string): void;
}

/**
 * The way of one operation from its upstream to another (S19). The next one is opened at the operation's last cursor
 * while the present one goes on. As soon as it says where it stands, which tells that it is there and of the same topic,
 * the present one ends. When the operation has come further meanwhile, the next one begins once more, at that cursor: it
 * starts where the other ended, so that nothing is lost or doubled, and a subgraph that is not there yet delays nobody.
 */
export class Move {
  readonly #options: MoveOptions;
  readonly #backoff: Backoff;
  #state: 'ASKING' | 'TAKEN' | 'STOPPED' = 'ASKING';
  /** What the next upstream was asked for. */
  #asked: string | null = null;
  #refusals = 0;
  #unsubscribe: () => void = () => {};
  #retry: NodeJS.Timeout | null = null;

  constructor(options: MoveOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.reconnectMs);
    this.#open();
  }

  /** Ends it, and the subscription with it, also when that has taken over. */
  stop(): void {
    this.#state = 'STOPPED';
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#unsubscribe();
  }

  #open(): void {
    this.#retry = null;
    const { upstream, request, cursor, sink } = this.#options;
    const open = (): UpstreamRequest => {
      this.#asked = cursor();
      return request(this.#asked);
    };
    this.#unsubscribe = upstream.subscribe(open, {
      // Called while this subscribes, too.
      sent: (hasCursors) => {
        if (this.#state === 'TAKEN') sink.sent(hasCursors);
        else queueMicrotask(() => this.#onSent(hasCursors));
      },
      next: (payload, stamp, bytes) => {
        if (this.#admits(stamp.cursor)) sink.next(payload, stamp, bytes);
      },
      progress: (at, snapshot) => {
        if (this.#admits(at)) sink.progress(at, snapshot);
      },
      failed: (errors) => {
        if (this.#state === 'TAKEN') sink.failed(errors);
        else this.#onRefusal(errors);
      },
      completed: () => {
        if (this.#state === 'ASKING') this.#takeOver();
        sink.completed();
      },
      lost: (errors) => {
        if (this.#state === 'TAKEN') sink.lost(errors);
      },
    });
  }

  #onSent(hasCursors: boolean): void {
    if (this.#state !== 'ASKING') return;
    const had = this.#asked !== null;
    if (had !== hasCursors)
      this.#refuse(`the stream ${had ? 'gives no cursors any more' : 'gives cursors now'}.`);
    // It says nothing more before its first event, and what the other sent meanwhile would come twice.
    else if (!hasCursors) this.#takeOver();
  }

  /** Whether what comes with this cursor is the operation's. */
  #admits(cursor: string | null): boolean {
    if (this.#state !== 'ASKING') return this.#state === 'TAKEN';
    if (!sameTopic(this.#asked, cursor)) {
      this.#refuse('the field is served from another topic.');
      return false;
    }
    const isCurrent = this.#options.cursor() === this.#asked;
    this.#takeOver();
    if (!isCurrent && this.#isTaken()) {
      this.#unsubscribe();
      this.#open();
    }
    return isCurrent;
  }

  #takeOver(): void {
    this.#state = 'TAKEN';
    this.#options.takeOver();
  }

  /** False when the operation has left it at once, since its joins are slow: then it comes back by itself. */
  #isTaken(): boolean {
    return this.#state === 'TAKEN';
  }

  #onRefusal(errors: readonly GraphQLFormattedError[]): void {
    if (this.#state !== 'ASKING') return;
    const [error] = errors;
    if (error?.extensions?.reason === 'OTHER_TOPIC') {
      this.#refuse('the field is served from another topic.');
      return;
    }
    this.#refusals += 1;
    if (this.#refusals < maximumRefusals) this.#retry = setTimeout(() => this.#open(), this.#backoff.next());
    else this.#refuse(`its subgraph refuses it (${error?.message ?? 'without a reason'}).`);
  }

  #refuse(reason: string): void {
    this.stop();
    this.#options.refused(reason);
  }
}

/** An event without a cursor on a stream that has them tells of no topic. */
const sameTopic = (asked: string | null, given: string | null): boolean => {
  if (asked === null || given === null) return asked === given;
  const [a, b] = [decodeCursor(asked), decodeCursor(given)];
  return a.clusterId === b.clusterId && a.topicId === b.topicId;
};
