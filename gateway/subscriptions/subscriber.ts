import type { GraphQLFormattedError } from 'graphql';
import type { Cursor } from '../../schema/cursor/cursor.ts';
import { decodeCursor } from '../../schema/cursor/decode.ts';
import { encodeCursor } from '../../schema/cursor/encode.ts';
import { type ErrorCode, TributaryError } from '../../schema/errors.ts';
import { formatted, isRetryable } from '../errors.ts';
import type { ClientQuota } from '../policies/client-quota.ts';
import type { CatchUpReader } from './catch-up-reader.ts';
import type { DueEvent } from './event.ts';
import { withLastCursor } from './invalidated.ts';
import { chooseJoin, closesTheGap, reachedBy } from './joining.ts';
import type { SharedOperation } from './operation.ts';
import { RingReader } from './ring-reader.ts';
import type { StartPosition } from './start-position.ts';

/** What a client is to be sent next. */
export type Due =
  | DueEvent
  /** The operation is over; null: completed. */
  | { readonly kind: 'END'; readonly errors: readonly GraphQLFormattedError[] | null }
  /** The connection is to be closed with 1013: the client can come back with its last cursor. `reason` has a code in front. */
  | { readonly kind: 'CLOSE'; readonly reason: string };

/** A client's end of an operation, as a transport sees it. */
export interface Outlet {
  /** Something is due, or will be soon: call `pull` as soon as the client can take it. */
  wake(): void;
}

export interface SubscriberOptions {
  readonly outlet: Outlet;
  /** What the client brought. */
  readonly position: StartPosition | null;
  /** It brought a cursor beside the operation, so it knows how to come back. */
  readonly resumes: boolean;
  readonly quota: ClientQuota;
}

/** Times that the live stream may overtake a client that joins. */
const maximumRestarts = 5;

/** Partitions that a topic may get before the shared stream has heard of them, besides as many as it has. */
const partitionsAtOnce = 64;

/**
 * One client of a shared operation: a place in the ring, and before it one in a catch-up when it brought a position.
 * A transport pulls what is due whenever its client can take more; nothing is pushed, so nothing piles up.
 */
export class Subscriber {
  readonly #operation: SharedOperation;
  readonly #options: SubscriberOptions;
  readonly #outlet: Outlet;
  #phase: 'WAITING' | 'CATCHING_UP' | 'LIVE' | 'STOPPED' = 'WAITING';
  /** Its place in the shared ring. */
  #live: RingReader | null = null;
  #catchUp: CatchUpReader | null = null;
  /** Gives back the client's place among its own catch-ups. */
  #leavePlace: (() => void) | null = null;
  /** Not yet at the end of the ring since it began: a client that falls off now is no slow one. */
  #joining = true;
  /** What it takes of the ring it missed: that counts as a replay, as a catch-up does. */
  #replays = false;
  #restarts = 0;
  #ahead: NodeJS.Timeout | null = null;
  #ending: Due | null = null;
  #startDue = false;
  /** Where it stands while it joins: behind what it was given; null: at what it brought. */
  #given: string | null = null;
  /** The last cursor that the client was told. */
  #told: string | null;

  constructor(operation: SharedOperation, options: SubscriberOptions) {
    this.#operation = operation;
    this.#options = options;
    this.#outlet = options.outlet;
    this.#told = options.position?.kind === 'CURSOR' ? options.position.text : null;
  }

  /** True while the client waits for the shared stream to say where it stands. */
  get waiting(): boolean {
    return this.#phase === 'WAITING';
  }

  /** The operation says where it stands, before anything that follows is appended. */
  begin(): void {
    const { ring, ending, snapshots } = this.#operation;
    const { position } = this.#options;
    const fromNow = position === null ? !snapshots : position.kind === 'LATEST';
    if (fromNow || ending !== null) {
      this.#given = ring.head;
      this.#goOn(new RingReader(ring, ring.end, null));
      this.#startDue = true;
    } else if (ring.head === null) {
      this.#failWithoutCursors();
    } else {
      this.#join();
    }
    this.#outlet.wake();
  }

  /** Events or an ending may be there. A client that takes nothing is found here when it falls off the ring. */
  wake(): void {
    if (this.#live?.hasFallenOff === true) this.#fallOff();
    else this.#outlet.wake();
  }

  /** Its client came by a cursor, so it knows how to come back, and has caught up since. */
  get losesNothing(): boolean {
    return this.#options.resumes && this.#phase === 'LIVE';
  }

  /** Why the connection is to be closed, whether or not the client can take more; null: it is not. */
  get closing(): string | null {
    return this.#ending?.kind === 'CLOSE' ? this.#ending.reason : null;
  }

  /** What to send next; null when nothing is due. After END or CLOSE the client is to be taken off by `stop`. */
  pull(): Due | null {
    for (;;) {
      if (this.#ending !== null) return this.#ending;
      const from = this.#catchUp ?? this.#live;
      const due = this.#live === null ? this.#pullCaughtUp() : this.#pullShared(this.#live);
      // From a catch-up to the ring, or back: what is there already wakes nobody.
      if (due !== null || from === (this.#catchUp ?? this.#live)) return due ?? this.#ending;
    }
  }

  /** The cursor at which the stream begins, once, as soon as it is known (S10). */
  takeStart(): string | null {
    if (!this.#startDue || this.#operation.ring.head === null) return null;
    this.#startDue = false;
    return this.takeProgress();
  }

  /** The client's cursor, if it moved without an event since the client was last told (S10). */
  takeProgress(): string | null {
    if (this.#live?.isAtEnd !== true) return null;
    const cursor = this.#reached(this.#live);
    if (cursor === this.#told) return null;
    this.#told = cursor;
    return cursor;
  }

  /** Ends the operation for this client with a typed error. */
  fail(code: ErrorCode, message: string): void {
    this.#end(this.#endingBy([formatted(new TributaryError(code, message))]));
  }

  #failWithoutCursors(): void {
    const { field } = this.#operation;
    this.fail('CURSOR_INVALID', `Field "${field}" has no cursors: subscribe to it without a position.`);
  }

  /** Takes the client off; safe to call twice. */
  stop(): void {
    if (this.#phase === 'STOPPED') return;
    this.#phase = 'STOPPED';
    this.#release();
    this.#operation.leave(this);
  }

  /** Where the client stands; null: before a snapshot. */
  get #position(): Exclude<StartPosition, { kind: 'LATEST' }> | null {
    const { position } = this.#options;
    if (this.#given !== null) return { kind: 'CURSOR', text: this.#given, cursor: decodeCursor(this.#given) };
    return position?.kind === 'LATEST' ? null : position;
  }

  /** By the ring when it holds what the client lacks, else by a catch-up, as soon as the client may have one more. */
  #join(): void {
    const { ring, counters } = this.#operation;
    const position = this.#position;
    if (position?.kind === 'CURSOR' && this.#isBeyondBelief(position.cursor)) {
      this.fail('NOT_YET', 'The cursor has many more partitions than the subgraph has seen. Try again.');
      return;
    }
    const join = position?.kind === 'CURSOR' ? chooseJoin(position.cursor, ring) : null;
    if (join === null) {
      this.#catchUpInTurn();
      return;
    }
    counters.ringJoins += 1;
    this.#replays = true;
    this.#goOn(new RingReader(ring, join.index, join.own));
  }

  /** Partitions are added now and then. Thousands that nobody else has seen would be written behind each event. */
  #isBeyondBelief({ clusterId, topicId, position }: Cursor): boolean {
    const { head } = this.#operation.ring;
    const shared = head === null ? null : decodeCursor(head);
    if (shared?.topicId !== topicId || shared.clusterId !== clusterId) return false;
    return position.length > 2 * shared.position.length + partitionsAtOnce;
  }

  #catchUpInTurn(): void {
    this.#phase = 'CATCHING_UP';
    this.#leavePlace = this.#options.quota.takePlace(() => this.#startCatchUp(false));
  }

  #startCatchUp(alone: boolean): void {
    const { ring, catchUps } = this.#operation;
    const { head } = ring;
    // Its subgraph may be one without cursors by now.
    if (head === null) {
      this.#failWithoutCursors();
      return;
    }
    this.#catchUp = catchUps.join(this.#position, { ring, head }, alone, {
      wake: () => this.#wakeCatchUp(),
      isHeldBack: () => this.#options.quota.holdsBack(this.#outlet),
      stalled: () => this.#fall(),
      failed: (errors) => this.#end(this.#endingBy(withLastCursor(errors, this.#told))),
      startOver: () => this.#startCatchUp(false),
    });
    // What it shares may be there already.
    this.#outlet.wake();
  }

  /** Who cannot keep up with those it shares with goes on alone, from where it is. */
  #wakeCatchUp(): void {
    if (this.#catchUp?.hasFallenOff === true) this.#goOnAlone(this.#catchUp);
    else this.#outlet.wake();
  }

  #goOnAlone(catchUp: CatchUpReader): void {
    catchUp.stop();
    this.#startCatchUp(true);
  }

  #pullCaughtUp(): Due | null {
    const catchUp = this.#catchUp;
    if (catchUp === null) return null;
    const { quota } = this.#options;
    if (!quota.mayReplay(this.#outlet)) return null;
    const due = catchUp.take();
    if (due === null) {
      if (catchUp.reached !== null) this.#goLive(catchUp, catchUp.reached);
      // What is done may be dropped when memory is short, and then nobody wakes.
      else if (catchUp.hasFallenOff) this.#goOnAlone(catchUp);
      return null;
    }
    quota.replayed(due.entry.bytes.length);
    this.#given = due.cursor;
    return this.#delivered(due);
  }

  #goLive({ until, index }: CatchUpReader, reached: string): void {
    this.#release();
    const position = this.#position;
    const cursor = decodeCursor(reached);
    const own = reachedBy(position?.kind === 'CURSOR' ? position.cursor : null, cursor);
    if (!closesTheGap(own, until)) {
      const message = `The subgraph ended the catch-up of "${this.#operation.field}" before the position it was asked for.`;
      this.fail('SUBGRAPH_FAILED', message);
      return;
    }
    this.#given = encodeCursor({ ...cursor, position: own });
    this.#goOn(new RingReader(this.#operation.ring, index, own));
    this.#startDue = true;
  }

  #goOn(live: RingReader): void {
    this.#live = live;
    this.#phase = 'LIVE';
    const { head } = this.#operation.ring;
    if (head !== null && live.isAheadOf(head)) this.#watchAhead(live);
  }

  /** A cursor that stays ahead of the stream was not judged by any subgraph: waiting in silence would be a lie (S11). */
  #watchAhead(live: RingReader): void {
    this.#ahead = setTimeout(() => {
      const { head } = this.#operation.ring;
      if (head === null || !live.isAheadOf(head)) return;
      this.fail(
        'NOT_YET',
        'The cursor is ahead of what the subgraph has read. Subscribe again with it in a moment.',
      );
    }, this.#operation.limits.aheadMs);
  }

  /** The ring went on without the client. While it joins it starts over from where it stands; later it is too slow. */
  #fallOff(): void {
    this.#restarts += 1;
    if (!this.#joining || this.#position === null || this.#restarts > maximumRestarts) {
      this.#fall();
      return;
    }
    this.#release();
    this.#live = null;
    this.#replays = false;
    this.#catchUpInTurn();
  }

  #pullShared(live: RingReader): Due | null {
    if (this.#replays && !this.#mayReplay(live)) return null;
    const due = live.next();
    if (due !== null) {
      if (this.#replays) this.#options.quota.replayed(due.entry.bytes.length);
      if (this.#joining) this.#given = due.cursor;
      return this.#delivered(due);
    }
    if (live.hasFallenOff) {
      this.#fallOff();
      return null;
    }
    this.#joining = false;
    this.#replays = false;
    const { ending } = this.#operation;
    return ending === null ? null : this.#endingBy(withLastCursor(ending.errors, this.#reached(live)));
  }

  /** True also where nothing is left to replay. */
  #mayReplay(live: RingReader): boolean {
    return live.isAtEnd || live.hasFallenOff || this.#options.quota.mayReplay(this.#outlet);
  }

  #delivered(due: DueEvent): Due {
    this.#operation.counters.deliveries += 1;
    this.#told = due.cursor;
    return due;
  }

  /** The client's cursor at the end of the ring. */
  #reached(live: RingReader): string | null {
    const { head } = this.#operation.ring;
    return head === null ? this.#told : live.cursorAt(head);
  }

  #fall(): void {
    if (this.#ending !== null || this.#phase === 'STOPPED') return;
    this.#operation.counters.slowClients += 1;
    this.#end({ kind: 'CLOSE', reason: 'SLOW_CLIENT: the client reads slower than events arrive' });
  }

  /**
   * A stock client takes an error for the end of its operation, and a closed connection for a reason to come back. So
   * who resumes is closed when the same may go well later (docs/decisions/0004-close-who-resumes.md).
   */
  #endingBy(errors: readonly GraphQLFormattedError[] | null): Due {
    const [first] = errors ?? [];
    const mayGoWell = first !== undefined && errors?.every(isRetryable) === true;
    if (!this.#options.resumes || !mayGoWell) return { kind: 'END', errors };
    return { kind: 'CLOSE', reason: `${String(first.extensions?.code)}: ${first.message}` };
  }

  #end(ending: Due): void {
    if (this.#ending !== null || this.#phase === 'STOPPED') return;
    this.#ending = ending;
    this.#release();
    this.#outlet.wake();
  }

  /** Gives back what only a client that joins holds. */
  #release(): void {
    this.#catchUp?.stop();
    this.#catchUp = null;
    this.#leavePlace?.();
    this.#leavePlace = null;
    if (this.#ahead !== null) clearTimeout(this.#ahead);
    this.#ahead = null;
  }
}
