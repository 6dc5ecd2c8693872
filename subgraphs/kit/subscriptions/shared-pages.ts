import { nextOffset } from '../../../schema/position.ts';
import type { StoredRow, View } from '../view/view.ts';
import type { Turns } from './turns.ts';

/** Rows a read, or a megabyte; a page is one statement, so it bounds how long the event loop is held. */
const pageRows = 500;
/** Pages that are kept for clients that come behind, of each view; the oldest are dropped, but for the last one read. */
const keptPages = 32;
/** The same in bytes of their rows. */
const keptBytes = 16 * 1024 * 1024;
/** How old a page may be. It shows rows as they were; those that changed since are met again further on. */
const keptMs = 1_000;

/** Rows of a partition in the order of their offsets, and where the next page begins. */
export interface SharedPage {
  readonly rows: readonly StoredRow[];
  readonly next: number;
  /** Position of the view in the partition at the read: what was written from there on, the page does not show. */
  readonly readTo: number;
  /** The view holds nothing of the partition behind it. */
  readonly isLast: boolean;
}

interface Kept extends SharedPage {
  readonly partition: number;
  readonly from: number;
  readonly bytes: number;
  readonly readAt: number;
}

/**
 * Pages of a view for all that scan it: one read at a time, and what one client read serves those that ask for the same
 * offsets a moment later. A thousand clients that come back at once read the view about once (S22).
 *
 * A page may be a second old. That is sound in a scan by offset (docs/decisions/0007): a row that changed meanwhile has an
 * offset beyond the view's position at the read, and no page reaches beyond that.
 */
export class SharedPages {
  readonly #view: View;
  readonly #turns: Turns;
  #kept: Kept[] = [];
  #last: Promise<void> = Promise.resolve();
  /** Behind the last read no other one drops what is too old. */
  #forget: NodeJS.Timeout | null = null;
  #reads = 0;

  constructor(view: View, turns: Turns) {
    this.#view = view;
    this.#turns = turns;
  }

  /** Pages read from the view. */
  get reads(): number {
    return this.#reads;
  }

  /** The rows of `partition` from the offset `from` on. */
  async page(partition: number, from: number): Promise<SharedPage> {
    const found = this.#find(partition, from);
    if (found !== null) return found;
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = promise;
    await before;
    try {
      return this.#find(partition, from) ?? (await this.#read(partition, from));
    } finally {
      resolve();
    }
  }

  #find(partition: number, from: number): SharedPage | null {
    const oldest = Date.now() - keptMs;
    const kept = this.#kept.findLast(
      (page) =>
        page.partition === partition && page.readAt >= oldest && page.from <= from && from < page.next,
    );
    if (kept === undefined) return null;
    return kept.from === from ? kept : { ...kept, rows: kept.rows.filter(({ offset }) => offset >= from) };
  }

  async #read(partition: number, from: number): Promise<SharedPage> {
    await this.#turns.next();
    this.#reads++;
    const { rows, position, isLast, bytes } = await this.#view.scan({ partition, from, limit: pageRows });
    const readTo = nextOffset(position, partition);
    const end = isLast ? Math.max(from, readTo) : from;
    const next = Math.max(end, (rows.at(-1)?.offset ?? -1) + 1);
    const page = { partition, from, rows, next, readTo, isLast, bytes, readAt: Date.now() };
    this.#keep(page);
    return page;
  }

  #keep(page: Kept): void {
    const oldest = Date.now() - keptMs;
    this.#kept = [...this.#kept.slice(1 - keptPages), page].filter(({ readAt }) => readAt >= oldest);
    let bytes = this.#kept.reduce((sum, kept) => sum + kept.bytes, 0);
    while (bytes > keptBytes && this.#kept.length > 1) bytes -= this.#kept.shift()?.bytes ?? 0;
    clearTimeout(this.#forget ?? undefined);
    this.#forget = setTimeout(() => {
      this.#kept = [];
    }, keptMs).unref();
  }
}
