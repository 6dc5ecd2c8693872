import type { GraphQLFormattedError } from 'graphql';
import { decodeCursor } from '../../schema/cursor/decode.ts';
import { TributaryError } from '../../schema/errors.ts';
import { nextOffset, type Position } from '../../schema/position.ts';
import { type ErrorLog, formatted, isRetryable } from '../errors.ts';
import type { GatewayLimits } from '../limits.ts';
import { CatchUpReader, type CatchUpSink } from './catch-up-reader.ts';
import { CatchUpUpstream, type CatchUpUpstreamSink } from './catch-up-upstream.ts';
import type { JoinBudget } from './join-budget.ts';
import { chooseJoin, isReset, sameEpochs, servesFrom } from './joining.ts';
import type { SubscriptionPlan } from './plan.ts';
import { Pump, type PumpOutput } from './pump.ts';
import { Ring, type RingBudget } from './ring.ts';
import { RingReader } from './ring-reader.ts';
import type { CatchUpPosition } from './start-position.ts';
import type { Slots } from './upstream/slots.ts';

/** Events that a client may wait for without need, so that it can share: as many as it needs, or this many. */
const sharedDetour = 5_000;

/** Between two looks for a catch-up that waits for its clients while others wait for its place; the second one takes it. */
const lookMs = 1_000;

type Errors = readonly GraphQLFormattedError[];

export interface CatchUpOptions {
  /** With the position written in where the client begins at a time. */
  readonly plan: SubscriptionPlan;
  readonly limits: GatewayLimits;
  readonly slots: Slots;
  readonly budget: RingBudget;
  readonly joinBudget: JoinBudget;
  /** Where its first client stands. */
  readonly begin: CatchUpPosition;
  /** Where the shared stream stands, and the place of what follows in its ring. */
  readonly until: string;
  readonly index: number;
  /** For one client alone. */
  readonly alone: boolean;
  /** The operation goes on elsewhere by now (S19): what fails here may be had there. */
  readonly isOutdated: () => boolean;
  /** What clients are told of a refusal; null: nothing yet, since the operation is on its way elsewhere, and `settle` follows. */
  readonly onRefused: (errors: Errors) => Errors | null;
  readonly logError: ErrorLog;
  /** It runs, or does no more, for the counters. */
  readonly onRunning: (change: 1 | -1) => void;
  /** The last client has left. */
  readonly onIdle: () => void;
}

/**
 * Brings what lies between a client's position and the shared stream, once for all clients that can use it (S13, S14).
 * What came is kept in a ring, in which each client has a place of its own. The upstream is read as fast as the fastest
 * of them takes it; one that falls off goes on by itself.
 */
export class CatchUp {
  readonly #options: CatchUpOptions;
  readonly #ring: Ring;
  readonly #pump: Pump;
  readonly #readers = new Set<CatchUpReader>();
  #begin: CatchUpPosition;
  #state: 'WAITING' | 'RUNNING' | 'DONE' | 'FAILED' = 'WAITING';
  #upstream: CatchUpUpstream | null = null;
  #joining = false;
  /** Place of the fastest client, and the bytes that it has yet to take. */
  #lead = 0;
  #untaken = 0;
  #reached: string | null = null;
  /** Where it goes on as soon as it has a place again; null: it has one, or waits for its first. */
  #left: string | null = null;
  /** It was refused, and its clients stay on it until the operation has moved. */
  #awaitsMove = false;
  #wasBehind = false;
  #release: () => void = () => {};
  readonly #timers: readonly NodeJS.Timeout[];

  constructor(options: CatchUpOptions) {
    const { plan, limits, logError } = options;
    this.#options = options;
    this.#begin = options.begin;
    this.#ring = new Ring(limits.ringBytes, options.budget);
    this.#ring.keepFrom(0);
    this.#pump = new Pump({
      plan,
      pendingBytes: limits.catchUpBytes,
      turnBytes: Number.POSITIVE_INFINITY,
      joinsUnderWay: limits.joinsPerOperation,
      joinBudget: options.joinBudget,
      deliver: (output) => this.#deliver(output),
      logError,
      pressure: (high) => {
        this.#joining = high;
        this.#regulate();
      },
    });
    options.onRunning(1);
    this.#timers = [
      setInterval(() => this.#findStalled(), limits.catchUpStallMs).unref(),
      setInterval(() => this.#giveWay(), lookMs).unref(),
    ];
    this.#queue(() => this.#start());
  }

  get until(): string {
    return this.#options.until;
  }

  /** Place in the shared ring of what follows `until`. */
  get index(): number {
    return this.#options.index;
  }

  /** What the subgraph reached; null until all has come. */
  get reached(): string | null {
    return this.#reached;
  }

  /** Whether what it brings is the answer to this plan. */
  asksAs({ document, subgraph }: SubscriptionPlan): boolean {
    const { plan } = this.#options;
    return plan.document === document && plan.subgraph.url === subgraph.url;
  }

  /** Puts a client on it; null when it does not bring what the client needs. */
  admit(position: CatchUpPosition, sink: CatchUpSink): CatchUpReader | null {
    if (this.#state === 'FAILED' || this.#options.alone) return null;
    const index = this.#indexFor(position);
    return index === null ? null : this.#add(position, index, sink);
  }

  /** Puts the client on it for which it was opened. */
  open(sink: CatchUpSink): CatchUpReader {
    return this.#add(this.#options.begin, 0, sink);
  }

  /** A client has taken what lies before `index`. */
  taken(index: number): void {
    while (this.#lead < index) {
      this.#untaken -= this.#ring.get(this.#lead)?.bytes.length ?? 0;
      this.#lead += 1;
    }
    if (this.#state === 'RUNNING') this.#ring.keepFrom(this.#lead);
    this.#regulate();
  }

  leave(reader: CatchUpReader): void {
    if (!this.#readers.delete(reader) || this.#readers.size > 0) return;
    this.#options.onIdle();
  }

  /** The operation has moved, or ended by `errors`: clients that waited for that go on, or end by the same. */
  settle(errors: Errors | null): void {
    if (!this.#awaitsMove) return;
    this.#awaitsMove = false;
    if (errors === null) this.#sendAway(() => true);
    else for (const reader of [...this.#readers]) reader.sink.failed(errors);
  }

  /** Ends it and frees what it holds. */
  stop(): void {
    this.#over('FAILED');
    for (const timer of this.#timers) clearInterval(timer);
    this.#ring.close();
  }

  #add(position: CatchUpPosition, index: number, sink: CatchUpSink): CatchUpReader {
    const own =
      position?.kind === 'CURSOR' && position.cursor.snapshotUntil === null ? position.cursor.position : null;
    const reader = new CatchUpReader(this, new RingReader(this.#ring, index, own), position, sink);
    this.#readers.add(reader);
    return reader;
  }

  /** Place in the ring from which a client is served; null: it is not. */
  #indexFor(position: CatchUpPosition): number | null {
    if (isSame(position, this.#begin)) return this.#ring.start === 0 ? 0 : null;
    if (position?.kind !== 'CURSOR' || this.#begin?.kind !== 'CURSOR') return null;
    if (this.#state === 'WAITING') return this.#meets(position, this.#begin) ? 0 : null;
    const index = chooseJoin(position.cursor, this.#ring)?.index ?? null;
    if (index === null || this.#state === 'DONE') return index;
    return this.#isWorth(this.#ring.head ?? this.#begin.text, position.cursor.position) ? index : null;
  }

  /** Nothing was asked for yet: who stands further back may set where it begins. */
  #meets(
    position: Extract<CatchUpPosition, { kind: 'CURSOR' }>,
    begin: Extract<CatchUpPosition, { kind: 'CURSOR' }>,
  ): boolean {
    if (!sameEpochs(begin.cursor, position.cursor)) return false;
    if (servesFrom(begin.cursor, position.cursor)) return this.#isWorth(begin.text, position.cursor.position);
    if (!servesFrom(position.cursor, begin.cursor)) return false;
    const nearest = [...this.#readers].every(
      ({ position: other }) =>
        other?.kind !== 'CURSOR' || this.#isWorth(position.text, other.cursor.position),
    );
    if (nearest) this.#begin = position;
    return nearest;
  }

  /** Whether a client at `own` does well to wait for what lies between `from` and its own position. */
  #isWorth(from: string, own: Position): boolean {
    const needed = distance(own, decodeCursor(this.#options.until).position);
    return distance(decodeCursor(from).position, own) <= Math.max(needed, sharedDetour);
  }

  #start(): void {
    // In the next turn: clients that come together may set together where it begins.
    setImmediate(() => {
      if (this.#state !== 'WAITING') return;
      this.#state = 'RUNNING';
      if (this.#begin?.kind === 'CURSOR' && this.#begin.cursor.snapshotUntil === null) {
        this.#ring.progress(this.#begin.text);
      }
      this.#ask(this.#begin?.kind === 'CURSOR' ? this.#begin.text : null);
    });
  }

  #queue(turn: () => void): void {
    this.#release = this.#options.slots.take(turn, () =>
      this.#failBy('too many clients are catching up at once; subscribe again with the same cursor'),
    );
  }

  #ask(cursor: string | null): void {
    const { plan, limits, until, isOutdated } = this.#options;
    const sink: CatchUpUpstreamSink = {
      next: (payload, stamp, bytes) => this.#pump.push({ kind: 'EVENT', payload, stamp, bytes }),
      completed: (reached) => this.#pump.push({ kind: 'PROGRESS', cursor: reached }),
      failed: (errors) => this.#pump.push({ kind: 'END', errors }),
    };
    this.#upstream = new CatchUpUpstream({ plan, limits, cursor, until, isOutdated }, sink);
  }

  #deliver(output: readonly PumpOutput[]): void {
    for (const item of output) {
      if (this.#state !== 'RUNNING') return;
      if (item.kind === 'EVENT') {
        this.#untaken += item.entry.bytes.length;
        this.#ring.append(item.entry, !isReset(item.entry));
        if (this.#ring.end === 1 && isReset(item.entry)) this.#sendAway(this.#isOther);
      } else if (item.kind === 'PROGRESS') {
        this.#reached = item.cursor;
        this.#over('DONE');
      } else {
        this.#fail(item.errors ?? []);
      }
    }
    this.#regulate();
    for (const reader of [...this.#readers]) reader.sink.wake();
  }

  /** What the subgraph says of the cursor it was asked for does not hold for clients with another one. */
  readonly #isOther = ({ position }: CatchUpReader): boolean => !isSame(position, this.#begin);

  #sendAway(leaves: (reader: CatchUpReader) => boolean): void {
    for (const reader of [...this.#readers]) {
      if (!leaves(reader)) continue;
      this.#readers.delete(reader);
      reader.sink.startOver();
    }
    if (this.#readers.size === 0) this.#options.onIdle();
  }

  #fail(errors: Errors): void {
    const isFinal = !errors.every(isRetryable);
    this.#over('FAILED');
    if (this.#options.isOutdated()) {
      this.#sendAway(() => true);
      return;
    }
    // To ask again at once would be refused again, and again.
    const told = isFinal && !errors.some(isOfTheCursor) ? this.#options.onRefused(errors) : errors;
    this.#awaitsMove = told === null;
    if (told === null) return;
    if (isFinal && this.#ring.end === 0) this.#sendAway(this.#isOther);
    for (const reader of [...this.#readers]) reader.sink.failed(told);
  }

  #failBy(what: string): void {
    const message = `Subgraph "${this.#options.plan.subgraph.name}": ${what}.`;
    this.#fail([formatted(new TributaryError('SUBGRAPH_TIMEOUT', message))]);
  }

  /** The upstream is not needed any more. */
  #over(state: 'DONE' | 'FAILED'): void {
    const wasOver = this.#state === 'DONE' || this.#state === 'FAILED';
    this.#state = state;
    if (wasOver) return;
    this.#ring.keepFrom(Number.POSITIVE_INFINITY);
    this.#pump.stop();
    this.#upstream?.stop();
    this.#release();
    this.#options.onRunning(-1);
  }

  get #isBehind(): boolean {
    return this.#joining || this.#untaken > this.#options.limits.catchUpBytes;
  }

  /** Pauses the upstream while the fastest client is behind. */
  #regulate(): void {
    if (this.#isBehind) this.#upstream?.pause();
    else if (this.#left === null) this.#upstream?.resume();
    else if (this.#untaken === 0 && this.#state === 'RUNNING') this.#comeBack(this.#left);
  }

  /** Who reads slowly keeps no place for which others wait: it comes back for more when it has taken what is there. */
  #giveWay(): void {
    const wasBehind = this.#wasBehind;
    this.#wasBehind = this.#isBehind;
    const cursor = this.#upstream?.received ?? null;
    const gives = this.#state === 'RUNNING' && this.#left === null && wasBehind && this.#wasBehind;
    if (!gives || cursor === null || !this.#options.slots.contended) return;
    this.#left = cursor;
    this.#upstream?.stop();
    this.#release();
  }

  #comeBack(cursor: string): void {
    this.#left = null;
    this.#upstream = null;
    this.#wasBehind = false;
    this.#queue(() => this.#ask(cursor));
  }

  /** Who has taken nothing of what was there since the last look is slow. */
  #findStalled(): void {
    for (const reader of [...this.#readers]) if (reader.isStalled()) reader.sink.stalled();
  }
}

/** No other subgraph of the same topic would say otherwise. */
const isOfTheCursor = ({ extensions }: GraphQLFormattedError): boolean =>
  extensions?.code === 'CURSOR_EXPIRED' || extensions?.code === 'CURSOR_INVALID';

const isSame = (a: CatchUpPosition, b: CatchUpPosition): boolean => {
  if (a === null || b === null) return a === b;
  return a.kind === b.kind && a.text === b.text;
};

/** Offsets from one position to another, over all partitions. */
const distance = (from: Position, to: Position): number =>
  to.reduce((sum, next, partition) => sum + Math.max(0, next - nextOffset(from, partition)), 0);
