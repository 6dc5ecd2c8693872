import type { Due, Outlet } from '../subscriptions/index.ts';

/** What a writer needs of a subscriber: it pulls, so that nothing piles up for a client that does not read. */
export interface Source {
  readonly closing: string | null;
  /** Nothing is lost, and hardly any work done twice, when the connection is closed: the client comes back by its cursor. */
  readonly losesNothing: boolean;
  pull(): Due | null;
  takeStart(): string | null;
  takeProgress(): string | null;
  stop(): void;
}

/**
 * An operation of a client, as its writer knows it, and the outlet that its subscriber wakes. It is one object, and waits
 * for its turn by a link of its own: with thousands of clients each further place in memory that a delivery looks at costs
 * as much as fifty instructions.
 */
export class Attached implements Outlet {
  readonly id: string;
  /** `{"id":"…","type":"next","payload":`, in ASCII. */
  readonly prefix: string;
  /** Null until it is subscribed. */
  source: Source | null = null;
  /** READY: in the queue of those that may have something, and a flush will come. */
  state: 'IDLE' | 'READY' | 'GONE' = 'IDLE';
  /** Behind it in that queue. */
  next: Attached | null = null;
  readonly #writer: { woken(attached: Attached): void };

  constructor(id: string, writer: { woken(attached: Attached): void }) {
    this.id = id;
    // By way of bytes: a text put together is kept as its parts, which lie apart.
    this.prefix = Buffer.from(`{"id":${asciiJson(id)},"type":"next","payload":`).toString('latin1');
    this.#writer = writer;
  }

  wake(): void {
    this.#writer.woken(this);
  }
}

const asciiJson = (text: string): string =>
  JSON.stringify(text).replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
