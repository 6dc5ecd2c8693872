import { operations } from './graph.ts';
import { openStream, type Received, type Stream, type Transport } from './streams.ts';

interface Change {
  readonly kind: 'RESET' | 'SNAPSHOT' | 'UP_TO_DATE' | 'UPSERT' | 'DELETE';
  readonly key: string | null;
}

/** A client of the change stream that folds what it is sent, can stop reading, and comes back with its last cursor. */
export class SnapshotClient {
  readonly transport: Transport;
  /** Offsets by key, as the client would show its rows. */
  readonly state = new Map<string, number>();
  readonly counts = { events: 0, RESET: 0, SNAPSHOT: 0, UP_TO_DATE: 0, UPSERT: 0, DELETE: 0, backwards: 0 };
  readonly #url: string;
  readonly #last = new Map<string, number>();
  #truth: ReadonlyMap<string, number> | null = null;
  #wrong = 0;
  readonly #watching = new Set<() => void>();
  #stream: Stream | null = null;
  #cursor: string | null = null;
  #stopAfter = Number.POSITIVE_INFINITY;

  constructor(url: string, transport: Transport) {
    this.#url = url;
    this.transport = transport;
  }

  /** Subscribes, where it was. `ended` resolves when the connection is over. */
  connect(): { readonly ended: Promise<string> } {
    const ended = Promise.withResolvers<string>();
    this.#stream = openStream(this.transport, {
      url: this.#url,
      query: operations.rows,
      cursor: this.#cursor,
      take: (event) => this.#take(event),
      ended: (how) => ended.resolve(how),
    });
    return { ended: ended.promise };
  }

  /** Reads `events` more, then nothing from the socket any more. */
  async readOnly(events: number): Promise<void> {
    this.#stopAfter = this.counts.events + events;
    await this.until(() => this.counts.events >= this.#stopAfter);
  }

  goOn(): void {
    this.#stopAfter = Number.POSITIVE_INFINITY;
    this.#stream?.resume();
  }

  /** Resolves when the condition holds; looked at after each event. */
  until(condition: () => boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const check = (): void => {
      if (!condition()) return;
      this.#watching.delete(check);
      resolve();
    };
    this.#watching.add(check);
    check();
    return promise;
  }

  /** Resolves when the client was told that it is up to date, and holds what the topic folded by key holds. */
  async holdsExactly(truth: ReadonlyMap<string, number>): Promise<void> {
    this.#truth = truth;
    this.#wrong = differences(this.state, truth);
    await this.until(() => this.counts.UP_TO_DATE > 0 && this.#wrong === 0);
  }

  close(): void {
    this.#stream?.close();
  }

  #take({ data, at, cursor }: Received): void {
    const { kind, key } = data.rowChanges as Change;
    this.#cursor = cursor;
    this.counts.events++;
    this.counts[kind]++;
    if (kind === 'RESET') {
      this.state.clear();
      this.#last.clear();
    }
    if (key !== null && at !== null) this.#fold(kind, key, at[1]);
    if (this.counts.events === this.#stopAfter) this.#stream?.pause();
    for (const check of this.#watching) check();
  }

  #fold(kind: Change['kind'], key: string, offset: number): void {
    if (offset <= (this.#last.get(key) ?? -1)) this.counts.backwards++;
    this.#last.set(key, offset);
    this.#wrong -= this.#isWrong(key);
    if (kind === 'DELETE') this.state.delete(key);
    else this.state.set(key, offset);
    this.#wrong += this.#isWrong(key);
  }

  #isWrong(key: string): 0 | 1 {
    return this.#truth !== null && this.#truth.get(key) !== this.state.get(key) ? 1 : 0;
  }
}

/** Keys whose offset differs between what a client holds and the topic folded by key. */
const differences = (state: ReadonlyMap<string, number>, truth: ReadonlyMap<string, number>): number => {
  let differing = 0;
  for (const [key, offset] of truth) if (state.get(key) !== offset) differing++;
  for (const key of state.keys()) if (!truth.has(key)) differing++;
  return differing;
};
