import type { Socket } from 'node:net';
import type { Outlet } from '../subscriptions/index.ts';
import { flushSoon } from '../turn.ts';
import { Attached, type Source } from './attached.ts';
import { FrameBatch, maximumHead, writeHead } from './frame-batch.ts';

/** Whose socket it is. Objects that are there already, rather than closures made for it: there are thousands of writers. */
export interface WriterOwner {
  /** The connection is to be closed with 1013; its client can come back. */
  closeSlow(reason: string): void;
}

export interface WriterOptions {
  readonly socket: Socket;
  /** Not open once a close frame was sent or came: nothing may follow it. */
  readonly websocket: { readonly readyState: number };
  /** Bytes that may wait for the client besides its events; beyond it the client is slow. */
  readonly unsentBytes: number;
  readonly owner: WriterOwner;
}

/** Bytes of a ping: stock clients send its payload back, and what they send is bounded. */
const maximumPingBytes = 32 * 1024;

/** `readyState` of a websocket. */
const open = 1;

/** Of bytes; what is called is typed for texts. */
const noEncoding = 'buffer' as BufferEncoding;

/** What the writer that flushes now has put together: flushes follow each other, and each leaves it empty. */
const batch = new FrameBatch();

/**
 * The one writer of a websocket. It writes whole frames in one go, so those that `ws` itself writes (pings, closes) fall
 * between them; events are taken from the sources only while the socket can take them, and all that is due in a turn
 * of the loop leaves in one system call. A socket that lags holds the shared bytes, not copies of them (S20).
 */
export class SocketWriter {
  readonly #socket: Socket;
  readonly #websocket: { readonly readyState: number };
  readonly #unsentBytes: number;
  readonly #owner: WriterOwner;
  readonly #sources = new Map<string, Attached>();
  /** The queue of those that may have something, in the order of their turns. */
  #first: Attached | null = null;
  #last: Attached | null = null;
  /** Bytes written besides events since the socket was last empty. */
  #unsent = 0;
  #flushing = false;
  /** The kernel has not taken the whole of the batch that was written last. */
  #pending = false;
  #stopped = false;
  #onFinish: (() => void) | null = null;

  constructor({ socket, websocket, unsentBytes, owner }: WriterOptions) {
    this.#socket = socket;
    this.#websocket = websocket;
    this.#unsentBytes = unsentBytes;
    this.#owner = owner;
    // At once: a client that reads as fast as events come must not wait for the turn's end at every 64 KB.
    socket.on('drain', () => this.#goOn());
  }

  /** Its sources that have not ended. */
  get size(): number {
    return this.#sources.size;
  }

  has(id: string): boolean {
    return this.#sources.has(id);
  }

  /** True of all its sources, and of none. */
  get losesNothing(): boolean {
    return [...this.#sources.values()].every(({ source }) => source?.losesNothing === true);
  }

  /** Writes a message at once; a client that lets such messages pile up is slow. */
  message(text: string): void {
    if (this.#stopped || !this.#isOpen) return;
    const bytes = Buffer.from(text);
    if (!this.count(bytes.length)) return;
    this.#send();
    this.#share('', bytes, null);
  }

  /** Counts bytes that are written besides events, also past the writer; false when they pile up. */
  count(bytes: number): boolean {
    if (!this.blocked) return true;
    this.#unsent += bytes;
    if (this.#unsent <= this.#unsentBytes) return true;
    this.#owner.closeSlow('SLOW_CLIENT: the client does not read its answers');
    return false;
  }

  /** The socket takes no more for now. */
  get blocked(): boolean {
    return this.#pending || this.#socket.writableNeedDrain;
  }

  /** Sends what a source has, until it ends or `detach`. `subscribe` is given what the source calls when it has more. */
  attach(id: string, subscribe: (outlet: Outlet) => Source): Source {
    const attached = new Attached(id, this);
    const source = subscribe(attached);
    attached.source = source;
    this.#sources.set(id, attached);
    this.woken(attached);
    return source;
  }

  detach(id: string): void {
    const attached = this.#sources.get(id);
    if (attached === undefined) return;
    this.#sources.delete(id);
    this.#unqueue(attached);
    attached.state = 'GONE';
    attached.source?.stop();
  }

  /** Tells the client the cursors that moved without an event (S10); false when there are none. */
  progress(): boolean {
    if (this.#stopped || this.blocked || !this.#isOpen) return false;
    const cursors: [string, string][] = [];
    for (const { id, source } of this.#sources.values()) {
      const cursor = source?.takeProgress() ?? null;
      if (cursor !== null) cursors.push([id, cursor]);
    }
    this.#ping(cursors);
    return cursors.length > 0;
  }

  /** Writes what is due; resolves when the socket has taken it, at the latest after `withinMs`. */
  async finish(withinMs: number): Promise<void> {
    // Of what came in this turn nobody has woken it yet.
    for (const attached of this.#sources.values()) this.woken(attached);
    this.flush();
    if (this.#first === null) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const late = setTimeout(resolve, withinMs);
    this.#onFinish = resolve;
    this.#socket.once('close', resolve);
    await promise;
    clearTimeout(late);
    this.#onFinish = null;
    this.#socket.off('close', resolve);
  }

  /** Ends all operations; nothing is written any more. */
  stop(): void {
    // Who stops it from within a flush closes the socket next.
    this.#send();
    this.#stopped = true;
    for (const id of [...this.#sources.keys()]) this.detach(id);
  }

  /** An operation may have something. A late call for one that was taken off says nothing. */
  woken(attached: Attached): void {
    const { source, state } = attached;
    if (this.#stopped || source === null || state === 'GONE') return;
    const { closing } = source;
    if (closing !== null) {
      this.#owner.closeSlow(closing);
      return;
    }
    if (state === 'READY') return;
    attached.state = 'READY';
    this.#queue(attached);
    if (!this.blocked) flushSoon(this);
  }

  get #isOpen(): boolean {
    return this.#websocket.readyState === open;
  }

  #queue(attached: Attached): void {
    if (this.#last === null) this.#first = attached;
    else this.#last.next = attached;
    this.#last = attached;
  }

  #unqueue(attached: Attached): void {
    if (attached.state !== 'READY') return;
    const others: Attached[] = [];
    for (let each = this.#first; each !== null; each = each.next) if (each !== attached) others.push(each);
    this.#first = null;
    this.#last = null;
    for (const other of others) {
      other.next = null;
      this.#queue(other);
    }
  }

  /**
   * Writes what is due while the socket takes it, one message of each operation in turn. Not between a close frame and the
   * end of the socket: `ws` ends it before the next turn.
   */
  flush(): void {
    if (this.#stopped || this.#first === null || this.blocked || !this.#socket.writable) return;
    this.#flushing = true;
    try {
      this.#startPings();
      while (this.#first !== null && !this.blocked && !this.#stopped) this.#writeTurn();
      this.#send();
    } finally {
      // Whatever was thrown: nothing of this socket may reach the next one.
      batch.release(false);
      this.#flushing = false;
    }
  }

  #writeTurn(): void {
    const attached = this.#first;
    if (attached === null) return;
    this.#first = attached.next;
    if (this.#first === null) this.#last = null;
    attached.next = null;
    if (this.#writeDue(attached)) this.#queue(attached);
    else if (attached.state === 'READY') attached.state = 'IDLE';
  }

  #startPings(): void {
    const cursors: [string, string][] = [];
    for (let each = this.#first; each !== null; each = each.next) {
      const cursor = each.source?.takeStart() ?? null;
      if (cursor !== null) cursors.push([each.id, cursor]);
    }
    if (cursors.length > 0) this.#ping(cursors);
  }

  /** False when the source has nothing more for now. */
  #writeDue({ id, prefix, source }: Attached): boolean {
    const due = source?.pull() ?? null;
    if (due === null) return false;
    if (due.kind === 'CLOSE') {
      this.#owner.closeSlow(due.reason);
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
    this.#write('', Buffer.from(JSON.stringify(ending)), null);
    this.detach(id);
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
    this.#write('', Buffer.from(JSON.stringify({ type: 'ping', payload })), null);
  }

  /** A message of up to three parts, by the batch or, where that would copy what is to be shared, as it is. */
  #write(first: string, second: Buffer, third: Buffer | null): void {
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
    this.#pending = true;
    // What `write` of a stream does around it costs a tenth of a delivery. Nothing waits in the stream (`#write`); what it is
    // given before the kernel has taken all of these bytes waits behind them in libuv.
    this.#socket._write(batch.bytes, noEncoding, (error) => this.#taken(error));
    // Told at once, as a rule: only then is nobody left who reads these bytes.
    batch.release(this.#pending);
  }

  /** The kernel has taken the batch, at once or later, or the connection is gone. */
  #taken(error: Error | null | undefined): void {
    this.#pending = false;
    if (error !== null && error !== undefined) this.#socket.destroy(error);
    else if (!this.#flushing) this.#goOn();
  }

  /** The socket has taken what it had. It does so too behind a close frame of `ws`, which nothing may follow. */
  #goOn(): void {
    this.#unsent = 0;
    if (this.#isOpen) this.flush();
    if (this.#first === null) this.#onFinish?.();
  }

  #share(first: string, second: Buffer, third: Buffer | null): void {
    const length = first.length + second.length + (third?.length ?? 0);
    this.#socket.cork();
    this.#socket.write(framed(length, first));
    this.#socket.write(second);
    if (third !== null) this.#socket.write(third);
    this.#socket.uncork();
  }
}

/** The header of a frame whose payload has `length` bytes, and the payload's first part. */
const framed = (length: number, first: string): Buffer => {
  const frame = Buffer.allocUnsafe(maximumHead + first.length);
  const end = writeHead(frame, 0, length);
  return frame.subarray(0, end + frame.write(first, end, 'latin1'));
};
