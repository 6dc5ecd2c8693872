import type { GraphQLFormattedError } from 'graphql';
import type { Cursor } from '../../schema/cursor/cursor.ts';
import { decodeCursor } from '../../schema/cursor/decode.ts';
import { encodeCursor } from '../../schema/cursor/encode.ts';
import { type ErrorCode, TributaryError } from '../../schema/errors.ts';
import { covers } from '../../schema/position.ts';
import { formatted, isRetryable } from '../errors.ts';
import type { CatchUp } from './catch-up.ts';
import type { RingEntry } from './event.ts';
import { withLastCursor } from './invalidated.ts';
import { chooseJoin, closesTheGap, reachedBy, Transition } from './joining.ts';
import type { SharedOperation } from './operation.ts';
import type { SubscriptionPlan } from './plan.ts';

/**
 * Where a client wants to begin (S7); without one: a snapshot where the field has one, else from now on.
 */
export type StartPosition =
  | { readonly kind: 'CURSOR'; readonly text: string; readonly cursor: Cursor }
  /** `plan`: of the operation with this position written in. */
  | { readonly kind: 'FROM'; readonly plan: SubscriptionPlan }
  /** From now on, without a snapshot. */
  | { readonly kind: 'LATEST' };

/** An event for one client. */
export interface DueEvent {
  readonly entry: RingEntry;
  /** Takes the place of the bytes behind `entry.headLength`; null: the shared bytes are right. */
  readonly stamp: Buffer | null;
  /** The client's cursor behind the event; null from subgraphs without cursors. */
  readonly cursor: string | null;
}

/** What a client is to be sent next. */
export type Due =
  | ({ readonly kind: 'EVENT' } & DueEvent)
  /** The operation is over; null: completed. */
  | { readonly kind: 'END'; readonly errors: readonly GraphQLFormattedError[] | null }
  /** The connection is to be closed with 1013: the client can come back with its last cursor. `reason` has a code in front. */
  | { readonly kind: 'CLOSE'; readonly reason: string };

/** A client's end of an operation, as a transport sees it. */
export interface Outlet {
  /** Something is due, or will be soon: call `pull` as soon as the client can take it. */
  wake(): void;
}

/** Times that the live stream may overtake a client that joins. */
const maximumRestarts = 5;

/**
 * One client of a shared operation: an index into the ring, and before it a catch-up when it brought a position.
 * A transport pulls what is due whenever its client can take more; nothing is pushed, so nothing piles up.
 */
export class Subscriber {
  readonly #operation: SharedOperation;
  readonly #outlet: Outlet;
  /** The client brought a cursor beside the operation, so it knows how to come back. */
  readonly #resumes: boolean;
  /** Where the client stands: what it brought, then what it was given. */
  #position: StartPosition | null;
  #phase: 'WAITING' | 'CATCHING_UP' | 'LIVE' | 'STOPPED' = 'WAITING';
  #index = 0;
  #catchUp: CatchUp | null = null;
  #until = '';
  /** Not yet at the end of the ring since it began: a client that falls off now is no slow one. */
  #joining = true;
  #restarts = 0;
  #transition: Transition | null = null;
  #ahead: NodeJS.Timeout | null = null;
  #ending: Due | null = null;
  #startDue = false;
  /** The last cursor that the client was told. */
  #told: string | null = null;

  constructor(operation: SharedOperation, outlet: Outlet, position: StartPosition | null, resumes: boolean) {
    this.#operation = operation;
    this.#outlet = outlet;
    this.#resumes = resumes;
    this.#position = position;
    this.#told = position?.kind === 'CURSOR' ? position.text : null;
  }

  /** True while the client waits for the shared stream to say where it stands. */
  get waiting(): boolean {
    return this.#phase === 'WAITING';
  }

  /** The operation says where it stands, before anything that follows is appended. */
  begin(): void {
    const { ring } = this.#operation;
    this.#index = ring.end;
    const position = this.#position;
    const fromNow = position === null ? !this.#operation.snapshots : position.kind === 'LATEST';
    if (fromNow || this.#operation.ending !== null) {
      this.#phase = 'LIVE';
      this.#startDue = true;
      if (ring.head !== null) this.#moveTo(ring.head);
    } else if (ring.head === null) {
      this.fail(
        'CURSOR_INVALID',
        `Field "${this.#operation.field}" has no cursors: subscribe to it without a position.`,
      );
    } else if (position?.kind === 'CURSOR') {
      this.#join(position, ring.head);
    } else {
      this.#startCatchUp(position?.kind === 'FROM' ? position : null, ring.head);
    }
    this.#outlet.wake();
  }

  /** Events or an ending may be there. A client that takes nothing is found here when it falls off the ring. */
  wake(): void {
    if (this.#phase === 'LIVE' && this.#index < this.#operation.ring.start) this.#fallOff();
    else this.#outlet.wake();
  }

  /** Why the connection is to be closed, whether or not the client can take more; null: it is not. */
  get closing(): string | null {
    return this.#ending?.kind === 'CLOSE' ? this.#ending.reason : null;
  }

  /** What to send next; null when nothing is due. After END or CLOSE the client is to be taken off by `stop`. */
  pull(): Due | null {
    if (this.#ending !== null) return this.#ending;
    if (this.#phase === 'CATCHING_UP') {
      const entry = this.#pullCaughtUp();
      if (entry !== null) return entry;
    }
    if (this.#phase !== 'LIVE') return this.#ending;
    return this.#pullShared();
  }

  /** The cursor at which the stream begins, once, as soon as it is known (S10). */
  takeStart(): string | null {
    if (!this.#startDue || this.#operation.ring.head === null) return null;
    this.#startDue = false;
    return this.takeProgress();
  }

  /** The client's cursor, if it moved without an event since the client was last told (S10). */
  takeProgress(): string | null {
    const { ring } = this.#operation;
    if (this.#phase !== 'LIVE' || this.#index !== ring.end || ring.head === null) return null;
    const cursor = this.#transition?.cursorAt(ring.head) ?? ring.head;
    if (cursor === this.#told) return null;
    this.#told = cursor;
    return cursor;
  }

  /** Ends the operation for this client with a typed error. */
  fail(code: ErrorCode, message: string): void {
    this.#end(this.#endingBy([formatted(new TributaryError(code, message))]));
  }

  /** Takes the client off; safe to call twice. */
  stop(): void {
    if (this.#phase === 'STOPPED') return;
    this.#phase = 'STOPPED';
    this.#release();
    this.#operation.leave(this);
  }

  #join(position: Extract<StartPosition, { kind: 'CURSOR' }>, head: string): void {
    const { cursor } = position;
    const join = chooseJoin(cursor, this.#operation.ring, head);
    if (join.kind === 'PRIVATE') {
      this.#startCatchUp(position, join.until);
      return;
    }
    this.#operation.counters.ringJoins += 1;
    this.#index = join.index;
    this.#transition = new Transition(cursor.position);
    this.#phase = 'LIVE';
    if (!covers(decodeCursor(head).position, cursor.position)) this.#watchAhead();
  }

  /** A cursor that stays ahead of the stream was not judged by any subgraph: waiting in silence would be a lie (S11). */
  #watchAhead(): void {
    this.#ahead = setTimeout(() => {
      const { head } = this.#operation.ring;
      if (head !== null) this.#transition?.cursorAt(head);
      if (this.#transition?.over === false) {
        this.fail(
          'NOT_YET',
          'The cursor is ahead of what the subgraph has read. Subscribe again with it in a moment.',
        );
      }
    }, this.#operation.limits.aheadMs);
  }

  #startCatchUp(position: Exclude<StartPosition, { kind: 'LATEST' }> | null, until: string): void {
    this.#until = until;
    this.#index = this.#operation.ring.end;
    this.#phase = 'CATCHING_UP';
    this.#catchUp = this.#operation.catchUp(position, until, {
      wake: () => this.#outlet.wake(),
      stalled: () => this.#fall(),
      failed: (errors) => this.#end(this.#endingBy(errors)),
    });
  }

  #pullCaughtUp(): Due | null {
    const entry = this.#catchUp?.take();
    if (entry !== undefined) {
      if (entry.cursor !== null) this.#moveTo(entry.cursor);
      this.#told = entry.cursor;
      this.#operation.counters.deliveries += 1;
      return { kind: 'EVENT', entry, stamp: null, cursor: entry.cursor };
    }
    const reached = this.#catchUp?.reached ?? null;
    if (reached !== null) this.#goLive(reached);
    return null;
  }

  #moveTo(text: string): void {
    this.#position = { kind: 'CURSOR', text, cursor: decodeCursor(text) };
  }

  #goLive(reached: string): void {
    this.#catchUp?.stop();
    this.#catchUp = null;
    const from = this.#position?.kind === 'CURSOR' ? this.#position.cursor : null;
    const cursor = decodeCursor(reached);
    const own = reachedBy(from, cursor);
    if (!closesTheGap(own, this.#until)) {
      const message = `The subgraph ended the catch-up of "${this.#operation.field}" before the position it was asked for.`;
      this.fail('SUBGRAPH_FAILED', message);
      return;
    }
    this.#moveTo(encodeCursor({ ...cursor, position: own }));
    this.#transition = new Transition(own);
    this.#phase = 'LIVE';
    this.#startDue = true;
  }

  /** The ring went on without the client. While it joins it starts over from where it stands; later it is too slow. */
  #fallOff(): void {
    const { head } = this.#operation.ring;
    const position = this.#position;
    this.#restarts += 1;
    if (!this.#joining || head === null || position?.kind !== 'CURSOR' || this.#restarts > maximumRestarts) {
      this.#fall();
      return;
    }
    this.#release();
    this.#transition = null;
    this.#startCatchUp(position, head);
  }

  #pullShared(): Due | null {
    const { ring, counters } = this.#operation;
    for (;;) {
      if (this.#index < ring.start) {
        this.#fallOff();
        return this.#ending;
      }
      const entry = ring.get(this.#index);
      if (entry === undefined) {
        this.#joining = false;
        const { ending } = this.#operation;
        return ending === null ? null : this.#endingBy(withLastCursor(ending.errors, this.#reached()));
      }
      this.#index += 1;
      const passed = this.#transition?.pass(entry) ?? 'SHARED';
      if (this.#transition?.over === true) this.#transition = null;
      if (passed === 'SKIP') continue;
      counters.deliveries += 1;
      this.#told = passed === 'SHARED' ? entry.cursor : passed.cursor;
      if (this.#joining && this.#told !== null) this.#moveTo(this.#told);
      return { kind: 'EVENT', entry, stamp: passed === 'SHARED' ? null : passed.stamp, cursor: this.#told };
    }
  }

  /** The client's cursor at the end of the ring. */
  #reached(): string | null {
    const { head } = this.#operation.ring;
    return head === null ? this.#told : (this.#transition?.cursorAt(head) ?? head);
  }

  #fall(): void {
    this.#operation.counters.slowClients += 1;
    this.#end({ kind: 'CLOSE', reason: 'SLOW_CLIENT: the client reads slower than events arrive' });
  }

  /**
   * A stock client takes an error for the end of its operation, and a closed connection for a reason to come back. So
   * who resumes is closed when the same may go well later (docs/decisions/0004-close-who-resumes.md).
   */
  #endingBy(errors: readonly GraphQLFormattedError[] | null): Due {
    const [first] = errors ?? [];
    if (!this.#resumes || first === undefined || !errors?.every(isRetryable)) return { kind: 'END', errors };
    return { kind: 'CLOSE', reason: `${String(first.extensions?.code)}: ${first.message}` };
  }

  #end(ending: Due): void {
    if (this.#ending !== null || this.#phase === 'STOPPED') return;
    this.#ending = ending;
    this.#release();
    this.#outlet.wake();
  }

  #release(): void {
    this.#catchUp?.stop();
    this.#catchUp = null;
    if (this.#ahead !== null) clearTimeout(this.#ahead);
    this.#ahead = null;
  }
}
