import type { GraphQLFormattedError } from 'graphql';
import type { CatchUp } from './catch-up.ts';
import type { DueEvent } from './event.ts';
import type { RingReader } from './ring-reader.ts';
import type { CatchUpPosition } from './start-position.ts';

/** What a client hears of its catch-up. After `failed` and `startOver` it is not on it any more. */
export interface CatchUpSink {
  /** Something can be taken, or the catch-up is over, or went on without the client. */
  wake(): void;
  /** True while the client is to wait, and so is not slow. */
  isHeldBack(): boolean;
  /** The client did not take its events in time. */
  stalled(): void;
  failed(errors: readonly GraphQLFormattedError[]): void;
  /** It brings nothing for this client: another one may. */
  startOver(): void;
}

/** One client of a catch-up. */
export class CatchUpReader {
  readonly sink: CatchUpSink;
  /** What the client asked for. */
  readonly position: CatchUpPosition;
  readonly #catchUp: CatchUp;
  readonly #reader: RingReader;
  #moved = true;

  constructor(catchUp: CatchUp, reader: RingReader, position: CatchUpPosition, sink: CatchUpSink) {
    this.#catchUp = catchUp;
    this.#reader = reader;
    this.position = position;
    this.sink = sink;
  }

  get until(): string {
    return this.#catchUp.until;
  }

  /** Place in the shared ring of what follows. */
  get index(): number {
    return this.#catchUp.index;
  }

  /** Faster clients went on without this one. */
  get hasFallenOff(): boolean {
    return this.#reader.hasFallenOff;
  }

  /** The position that the subgraph reached; null until all of it has been taken. */
  get reached(): string | null {
    return this.#reader.isAtEnd ? this.#catchUp.reached : null;
  }

  /** The next event, in order; null when none is there. */
  take(): DueEvent | null {
    const due = this.#reader.next();
    this.#moved = true;
    this.#catchUp.taken(this.#reader.index);
    return due;
  }

  /** True when something was there since the last call and the client took nothing. */
  isStalled(): boolean {
    const isExcused = this.#reader.isAtEnd || this.sink.isHeldBack();
    const stalled = !this.#moved && !isExcused;
    this.#moved = isExcused;
    return stalled;
  }

  stop(): void {
    this.#catchUp.leave(this);
  }
}
