import type { ServerResponse } from 'node:http';
import type { GraphQLFormattedError } from 'graphql';
import type { Outlet } from '../../subscriptions/index.ts';
import { type Flushable, flushSoon } from '../../turn.ts';
import type { Source } from '../attached.ts';
import type { StreamFormat } from './format.ts';
import type { Sink } from './sink.ts';

/** Bytes taken from the ring for one write; what a client has not taken beyond it waits in the ring (S20). */
const batchBytes = 64 * 1024;

/** Heartbeats for which a client may leave a batch untaken. */
const blockedBeats = 5;

/** A response that does not end is destroyed after this: who does not read, reads no end (S21). */
const closeMs = 1_000;

export interface StreamOptions {
  readonly response: ServerResponse;
  readonly sink: Sink;
  readonly format: StreamFormat;
  /** The client left a batch untaken for too long. */
  onStalled(): void;
}

/** One streamed response: takes from a source what its client can take, batch by batch. */
export class ResponseStream implements Flushable {
  readonly #options: StreamOptions;
  readonly #closed: Promise<void>;
  #source: Source | null = null;
  /** A batch is on its way; for ever once the last one is. */
  #busy = false;
  #ended = false;
  #missed = 0;
  /** What ends the response behind all that is due; null: it goes on. */
  #last: readonly Buffer[] | null = null;

  constructor(options: StreamOptions) {
    this.#options = options;
    this.#closed = new Promise((resolve) => options.response.once('close', resolve));
    void this.#closed.then(() => this.#stop());
    this.#write([options.format.opening()]);
  }

  /** Resolves when the connection is gone or the response has been sent to its end. */
  get closed(): Promise<void> {
    return this.#closed;
  }

  /** Sends what a source has, to its end. What `subscribe` throws is for `refuse`. */
  attach(subscribe: (outlet: Outlet) => Source): void {
    const source = subscribe({ wake: () => this.#wake() });
    if (this.#ended) {
      source.stop();
      return;
    }
    this.#source = source;
    this.#wake();
  }

  /** Ends the response by errors, with nothing before them. */
  refuse(errors: readonly GraphQLFormattedError[]): void {
    this.#end(this.#options.format.refused(errors));
  }

  /** Ends the response behind what is due, so that the client comes back; resolves when it is closed, at the latest after a second. */
  drain(errors: readonly GraphQLFormattedError[]): Promise<void> {
    const { response, format } = this.#options;
    const { socket } = response;
    // The connection must not wait for a next request: the process is about to stop.
    response.once('finish', () => socket?.end());
    this.#last = format.drained(errors);
    this.flush();
    const late = setTimeout(() => response.destroy(), closeMs);
    return this.#closed.finally(() => clearTimeout(late));
  }

  /** Keeps proxies calm, and finds clients that take nothing. */
  beat(): void {
    if (!this.#busy) {
      this.#write([this.#options.format.heartbeat]);
      return;
    }
    this.#missed += 1;
    if (this.#missed <= blockedBeats) return;
    this.#options.onStalled();
    this.#options.response.destroy();
  }

  /** Tells a cursor that moved without an event (S10). */
  progress(): void {
    if (this.#busy || this.#source === null) return;
    this.#writeAll(this.#progressOf(this.#source.takeProgress()));
  }

  /** Writes what is due, at most a batch. */
  flush(): void {
    if (this.#busy) return;
    const parts = this.#source === null ? [] : this.#progressOf(this.#source.takeStart());
    let bytes = 0;
    while (this.#source !== null && bytes < batchBytes) {
      const due = this.#source.pull();
      if (due === null) break;
      if (due.kind === 'CLOSE') {
        this.#options.response.destroy();
        return;
      }
      if (due.kind === 'END') {
        this.#end([...parts, ...this.#options.format.ended(due.errors)]);
        return;
      }
      for (const part of this.#options.format.event(due)) {
        parts.push(part);
        bytes += part.length;
      }
    }
    if (parts.length === 0 && this.#last !== null) this.#end(this.#last);
    else this.#writeAll(parts);
  }

  #wake(): void {
    if (this.#source === null) return;
    if (this.#source.closing !== null) this.#options.response.destroy();
    else if (!this.#busy) flushSoon(this);
  }

  #progressOf(cursor: string | null): Buffer[] {
    const part = cursor === null ? null : this.#options.format.progress(cursor);
    return part === null ? [] : [part];
  }

  #writeAll(parts: readonly Buffer[]): void {
    if (parts.length > 0) this.#write(parts);
  }

  #write(parts: readonly Buffer[]): void {
    this.#busy = true;
    this.#options.sink.write(parts, () => {
      if (this.#ended) return;
      this.#busy = false;
      this.#missed = 0;
      this.flush();
    });
  }

  #end(parts: readonly Buffer[]): void {
    if (this.#ended) return;
    this.#stop();
    this.#options.sink.end(parts);
  }

  #stop(): void {
    this.#ended = true;
    this.#busy = true;
    this.#source?.stop();
    this.#source = null;
  }
}
