import { decodeCursor } from '../../schema/cursor/decode.ts';
import type { Position } from '../../schema/position.ts';
import type { DueEvent, RingEntry } from './event.ts';
import { Transition } from './joining.ts';
import type { Ring } from './ring.ts';

/** A client's place in a ring: an index, and the position below which it has everything. */
export class RingReader {
  readonly #ring: Ring;
  #index: number;
  #transition: Transition | null;

  /** `own`: what the client has; null: nothing that lies at `index` or behind. */
  constructor(ring: Ring, index: number, own: Position | null) {
    this.#ring = ring;
    this.#index = index;
    this.#transition = own === null ? null : new Transition(own);
  }

  get index(): number {
    return this.#index;
  }

  /** The ring has dropped what comes next. */
  get hasFallenOff(): boolean {
    return this.#index < this.#ring.start;
  }

  get isAtEnd(): boolean {
    return this.#index === this.#ring.end;
  }

  /** The next event that the client does not have; null at the end, and for one that has fallen off. */
  next(): DueEvent | null {
    for (;;) {
      const entry = this.#ring.get(this.#index);
      if (entry === undefined) return null;
      this.#index += 1;
      const due = this.#pass(entry);
      if (due !== null) return due;
    }
  }

  /** The client's cursor at the end of the ring, where the shared cursor is `shared`. */
  cursorAt(shared: string): string {
    return this.#transition?.cursorAt(shared) ?? shared;
  }

  /** True while the client has something that lies beyond the shared cursor. */
  isAheadOf(shared: string): boolean {
    return this.#transition?.isAheadOf(decodeCursor(shared).position) === true;
  }

  #pass(entry: RingEntry): DueEvent | null {
    const passed = this.#transition?.pass(entry) ?? 'SHARED';
    if (this.#transition?.over === true) this.#transition = null;
    if (passed === 'SKIP') return null;
    return passed === 'SHARED'
      ? { kind: 'EVENT', entry, stamp: null, cursor: entry.cursor }
      : { kind: 'EVENT', entry, ...passed };
  }
}
