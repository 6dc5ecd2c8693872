import type { Duplex } from 'node:stream';
import { lastingBytes } from '../lasting-bytes.ts';
import type { Due, Outlet } from '../subscriptions/index.ts';
import { FrameBatch, maximumHead, writeHead } from './frame-batch.ts';
import { flushSoon } from './turn.ts';

/** What a writer needs of a subscriber: it pulls, so that nothing piles up for a client that does not read. */
export interface Source {
  readonly closing: string | null;
  pull(): Due | null;
  takeStart(): string | null;
  takeProgress(): string | null;
  stop(): void;
}

export interface WriterOptions {
  /** Bytes that may wait for the client besides its events; beyond it the client is slow. */
  readonly unsentBytes: number;
  /** False once a close frame was sent or came: nothing may follow it. */
  isOpen(): boolean;
  /** The operation is over; its last message has been written. */
  onEnd(id: string): void;
  /** The connection is to be closed with 1013; its client can come back. */
  onClose(reason: string): void;
}

/** Bytes of a ping: stock clients send its payload back, and what they send is bounded. */
const maximumPingBytes = 32 * 1024;

interface Attached {
  readonly id: string;
  /** `{"id":"…","type":"next","payload":` */
  readonly prefix: Buffer;
  readonly source: Source;
  /** READY: in the queue of those that may have something, and a flush will come. */
  state: 'IDLE' | 'READY' | 'GONE';
}

/** What the writer that flushes now has put together: flushes follow each other, and each leaves it empty. */
const batch = new FrameBatch();

/**
 * The one writer of a websocket. It writes whole frames in one go, so those that `ws` itself writes (pings, closes) fall
 * between them; events are taken from the sources only while the socket can take them, and all that is due in a turn
 * of the loop leaves in one system call. A socket that lags holds the shared bytes, not copies of them (S20).
 */
export class SocketWriter {
  readonly #socket: Duplex;
  readonly #options: WriterOptions;
  readonly #sources = new Map<string, Attached>();
  /** In the order of their turns. */
  readonly #ready: Attached[] = [];
  /** Bytes written besides events since the socket was last empty. */
  #unsent = 0;
  #flushing = false;
  #stopped = false;

  constructor(socket: Duplex, options: WriterOptions) {
    this.#socket = socket;
    this.#options = options;
    // At once: a client that reads as fast as events come must not wait for the turn's end at every 64 KB.
    socket.on('drain', () => {
      this.#unsent = 0;
      this.flush();
    });
  }

  /** Writes a message at once; a client that lets such messages pile up is slow. */
  message(text: string): void {
    if (this.#stopped || !this.#options.isOpen()) return;
    const bytes = Buffer.from(text);
    if (!this.count(bytes.length)) return;
    this.#send();
    this.#share(bytes, null, null);
  }

  /** Counts bytes that are written besides events, also past the writer; false when they pile up. */
  count(bytes: number): boolean {
    if (!this.blocked) return true;
    this.#unsent += bytes;
    if (this.#unsent <= this.#options.unsentBytes) return true;
    this.#options.onClose('SLOW_CLIENT: the client does not read its answers');
    return false;
  }

  /** The socket takes no more for now. */
  get blocked(): boolean {
    return this.#socket.writableNeedDrain;
  }

  /** Sends what a source has, until it ends or `detach`. `subscribe` is given what the source calls when it has more. */
  attach(id: string, subscribe: (outlet: Outlet) => Source): Source {
    const prefix = lastingBytes(`{"id":${JSON.stringify(id)},"type":"next","payload":`);
    let attached: Attached | null = null;
    const source = subscribe({ wake: () => attached !== null && this.#wake(attached) });
    attached = { id, prefix, source, state: 'IDLE' };
    this.#sources.set(id, attached);
    this.#wake(attached);
    return source;
  }

  detach(id: string): void {
    const attached = this.#sources.get(id);
    if (attached === undefined) return;
    this.#sources.delete(id);
    attached.state = 'GONE';
    const turn = this.#ready.indexOf(attached);
    if (turn !== -1) this.#ready.splice(turn, 1);
    attached.source.stop();
  }

  /** Tells the client the cursors that moved without an event (S10). */
  progress(): void {
    if (this.#stopped || this.blocked || !this.#options.isOpen()) return;
    const cursors: [string, string][] = [];
    for (const { id, source } of this.#sources.values()) {
      const cursor = source.takeProgress();
      if (cursor !== null) cursors.push([id, cursor]);
    }
    this.#ping(cursors);
  }

  /** Writes what is due; resolves when the socket has taken it, at the latest after `withinMs`. */
  async finish(withinMs: number): Promise<void> {
    this.flush();
    if (this.#ready.length === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const late = setTimeout(resolve, withinMs);
    const check = (): void => {
      if (this.#ready.length === 0) resolve();
    };
    // Behind the writer's own listener, which has flushed.
    this.#socket.on('drain', check).once('close', resolve);
    await promise;
    clearTimeout(late);
    this.#socket.off('drain', check).off('close', resolve);
  }

  /** Ends all operations; nothing is written any more. */
  stop(): void {
    // Who stops it from within a flush closes the socket next.
    this.#send();
    this.#stopped = true;
    for (const id of [...this.#sources.keys()]) this.detach(id);
  }

  /** A late call for an operation that was taken off says nothing, also when another one has its id by now. */
  #wake(attached: Attached): void {
    if (this.#stopped || attached.state === 'GONE') return;
    const { closing } = attached.source;
    if (closing !== null) {
      this.#options.onClose(closing);
      return;
    }
    if (attached.state === 'READY') return;
    attached.state = 'READY';
    this.#ready.push(attached);
    if (!this.blocked) flushSoon(this);
  }

  /** Writes what is due while the socket takes it, one message of each operation in turn. */
  flush(): void {
    if (this.#stopped || this.#ready.length === 0 || this.#socket.destroyed || !this.#options.isOpen())
      return;
    this.#flushing = true;
    try {
      this.#startPings();
      while (this.#ready.length > 0 && !this.blocked && !this.#stopped) this.#writeTurn();
      this.#send();
    } finally {
      // Whatever was thrown: nothing of this socket may reach the next one.
      batch.release(false);
      this.#flushing = false;
    }
  }

  #writeTurn(): void {
    const attached = this.#ready.shift();
    if (attached === undefined) return;
    if (this.#writeDue(attached)) this.#ready.push(attached);
    else if (attached.state === 'READY') attached.state = 'IDLE';
  }

  #startPings(): void {
    const cursors: [string, string][] = [];
    for (const { id, source } of this.#ready) {
      const cursor = source.takeStart();
      if (cursor !== null) cursors.push([id, cursor]);
    }
    if (cursors.length > 0) this.#ping(cursors);
  }

  /** False when the source has nothing more for now. */
  #writeDue({ id, prefix, source }: Attached): boolean {
    const due = source.pull();
    if (due === null) return false;
    if (due.kind === 'CLOSE') {
      this.#options.onClose(due.reason);
      return false;
    }
    if (due.kind === 'EVENT') {
      const { bytes, headLength } = due.entry;
      if (due.stamp === null) this.#write(prefix, bytes, null);
      else this.#write(prefix, bytes.subarray(0, headLength), due.stamp);
      return true;
    }
    const ending =
      due.errors === null ? { id, type: 'complete' } : { id, type: 'error', payload: due.errors };
    this.#write(Buffer.from(JSON.stringify(ending)), null, null);
    this.detach(id);
    this.#options.onEnd(id);
    return false;
  }

  #ping(cursors: readonly (readonly [string, string])[]): void {
    let part: (readonly [string, string])[] = [];
    let bytes = 0;
    for (const entry of cursors) {
      part.push(entry);
      bytes += entry[0].length + entry[1].length;
      if (bytes < maximumPingBytes) continue;
      this.#writePing(part);
      part = [];
      bytes = 0;
    }
    if (part.length > 0) this.#writePing(part);
  }

  #writePing(cursors: readonly (readonly [string, string])[]): void {
    const payload = { cursors: Object.fromEntries(cursors) };
    this.#write(Buffer.from(JSON.stringify({ type: 'ping', payload })), null, null);
  }

  /** A message of up to three parts, by the batch or, where that would copy what is to be shared, as it is. */
  #write(first: Buffer, second: Buffer | null, third: Buffer | null): void {
    // Only a flush empties the batch: a ping between two would reach the client that is flushed next.
    if (this.#flushing && this.#socket.writableLength === 0 && batch.add(first, second, third)) {
      if (batch.full) this.#send();
      return;
    }
    this.#send();
    this.#share(first, second, third);
  }

  /** Writes what is in the batch, if it is this writer's. */
  #send(): void {
    if (!this.#flushing || batch.empty) return;
    this.#socket.write(batch.bytes);
    // Zero when the kernel has taken all: only then is nobody left who reads these bytes.
    batch.release(this.#socket.writableLength > 0);
  }

  #share(first: Buffer, second: Buffer | null, third: Buffer | null): void {
    const length = first.length + (second?.length ?? 0) + (third?.length ?? 0);
    this.#socket.cork();
    this.#socket.write(framed(length, first));
    if (second !== null) this.#socket.write(second);
    if (third !== null) this.#socket.write(third);
    this.#socket.uncork();
  }
}

/** The header of a frame whose payload has `length` bytes, and the payload's first part. */
const framed = (length: number, first: Buffer): Buffer => {
  const frame = Buffer.allocUnsafe(maximumHead + first.length);
  const end = writeHead(frame, 0, length);
  first.copy(frame, end);
  return frame.subarray(0, end + first.length);
};
