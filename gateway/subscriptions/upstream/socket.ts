import type { GraphQLFormattedError } from 'graphql';
import { WebSocket } from 'ws';
import { decodeCursor } from '../../../schema/cursor/decode.ts';
import { TributaryError } from '../../../schema/errors.ts';
import { formatted } from '../../errors.ts';
import { isNestedTooDeep, maximumNesting } from '../../execution/nesting.ts';
import type { EventPayload, Stamp } from '../event.ts';
import { readUpstreamMessage, type SharedPosition, type UpstreamMessage } from './message.ts';
import { PlainPayload, readPlainNext } from './plain-next.ts';
import { bytesInTurn, giveTurnUp, readInTurn } from './reading-turns.ts';

/** A message up to so many times the bound is still read, to learn whose it is: a socket that breaks ends all of its operations. */
const readableFactor = 4;

export interface UpstreamRequest {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly operationName?: string;
  /** Left out where the subgraph does not know it. */
  readonly extensions?: {
    readonly tributary: {
      readonly cursor?: string;
      readonly until?: string;
      readonly live?: true;
      /** Progress may come by a position that it shares with other operations of the socket. */
      readonly positions?: true;
    };
  };
}

/** What becomes of one upstream subscription. Exactly one of `failed`, `completed` and `lost` comes, and it is the last. */
export interface UpstreamSink {
  /** The subscription was sent. `hasCursors`: the subgraph will say where it stands (docs/protocol.md). */
  sent(hasCursors: boolean): void;
  /** `bytes`: the size of the message, for bounds. */
  next(payload: EventPayload, stamp: Stamp, bytes: number): void;
  /** The stream stands at this cursor, without an event (S10). `snapshot`: who has no cursor is due a snapshot. */
  progress(cursor: string, snapshot: boolean): void;
  failed(errors: readonly GraphQLFormattedError[]): void;
  completed(): void;
  /** The socket is gone, and with it the subscription. */
  lost(error: TributaryError): void;
}

export interface UpstreamSocketOptions {
  /** For messages. */
  readonly subgraph: string;
  readonly url: string;
  /** Milliseconds until `connection_ack`. */
  readonly ackMs: number;
  readonly pingMs: number;
  /** Bytes of one message; a larger one ends its operation with SUBGRAPH_FAILED. */
  readonly messageBytes: number;
  /** Read it in turns with the other sockets of this kind, so that what is live need not wait for them. Default: false. */
  readonly inTurns?: boolean;
}

/** Why a socket is not read. */
type PauseReason = 'OWNER' | 'TURN';

/** A subscription on the socket. */
interface Subscribed {
  readonly sink: UpstreamSink;
  /** Of the cursors that it has had, which tells them apart from those of others at one position; null before the first. */
  filter: number | null;
}

const noStamp: Stamp = { at: null, cursor: null, gap: false };

/** The websocket address of a subgraph: the same path as its HTTP address. */
export const websocketUrl = (url: string): string => url.replace(/^http/, 'ws');

/**
 * One graphql-transport-ws connection to a subgraph, from its start to its end. It does not come back by itself:
 * `SharedUpstream` and `CatchUp` do that, each in its way.
 */
export class UpstreamSocket {
  readonly #options: UpstreamSocketOptions;
  readonly #socket: WebSocket;
  /** By id. */
  readonly #subscribed = new Map<string, Subscribed>();
  readonly #ack: NodeJS.Timeout;
  readonly #pinger: NodeJS.Timeout;
  readonly #onEnd: (error: TributaryError) => void;
  #nextId = 1;
  /** Subscriptions that wait for the acknowledgement, by id. */
  readonly #waiting = new Map<string, UpstreamRequest>();
  readonly #pauses = new Set<PauseReason>();
  /** Bytes that came in this turn. */
  #turnBytes = 0;
  #acknowledged = false;
  #speaksTributary = false;
  #isOrdered = false;
  #ended = false;
  #heard = true;
  #asked = false;

  constructor(options: UpstreamSocketOptions, onEnd: (error: TributaryError) => void = () => {}) {
    this.#options = options;
    this.#onEnd = onEnd;
    this.#socket = new WebSocket(websocketUrl(options.url), 'graphql-transport-ws', {
      perMessageDeflate: false,
      maxPayload: readableFactor * options.messageBytes,
      handshakeTimeout: options.ackMs,
    });
    this.#ack = setTimeout(() => this.#end('did not acknowledge the connection'), options.ackMs);
    this.#pinger = setInterval(() => this.#checkLiveness(), options.pingMs);
    this.#listen();
  }

  /** Whether the subgraph has accepted the connection. */
  get acknowledged(): boolean {
    return this.#acknowledged;
  }

  /** Starts a subscription, at once or as soon as the connection is acknowledged. Returns its id. */
  subscribe(request: UpstreamRequest, sink: UpstreamSink): string {
    const id = String(this.#nextId++);
    this.#subscribed.set(id, { sink, filter: null });
    if (this.#acknowledged) this.#sendRequest(id, request);
    else this.#waiting.set(id, request);
    return id;
  }

  /** Ends a subscription; its sink hears nothing more. */
  unsubscribe(id: string): void {
    if (!this.#subscribed.delete(id) || this.#waiting.delete(id) || this.#ended) return;
    this.#socket.send(JSON.stringify({ id, type: 'complete' }));
  }

  /** Stops reading: TCP slows the subgraph down. */
  pause(): void {
    this.#pause('OWNER');
  }

  resume(): void {
    this.#resume('OWNER');
  }

  /** Closes; sinks that are left hear nothing more. */
  close(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#subscribed.clear();
    this.#stopTimers();
    this.#socket.close(1000);
    // A peer that does not answer the close, or a paused socket that cannot hear it, must not stay open.
    setTimeout(() => this.#socket.terminate(), 500).unref();
  }

  #listen(): void {
    const socket = this.#socket;
    socket.on('open', () => socket.send('{"type":"connection_init"}'));
    socket.on('message', (data, isBinary) => {
      this.#heard = true;
      const bytes = data as Buffer;
      this.#countTurn(bytes.length);
      const message = isBinary ? null : this.#read(bytes);
      if (this.#ended) return;
      if (message === null)
        this.#end('sent something that is not graphql-transport-ws', null, 'SUBGRAPH_FAILED');
      else {
        const fault = this.#faultOf(message, bytes);
        if (fault !== null && 'id' in message) this.#refuse(message.id, fault);
        else this.#take(message, bytes.length);
      }
    });
    socket.on('pong', () => {
      this.#heard = true;
    });
    socket.on('ping', () => {
      this.#heard = true;
    });
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', (code, reason) =>
      this.#end(`closed the connection (${code}${reason.length > 0 ? ` ${reason.toString()}` : ''})`),
    );
  }

  #read(bytes: Buffer): UpstreamMessage | null {
    const plain = this.#isOrdered ? readPlainNext(bytes) : null;
    return plain === null ? readUpstreamMessage(bytes.toString()) : { type: 'next', ...plain };
  }

  #take(message: UpstreamMessage, bytes: number): void {
    switch (message.type) {
      case 'connection_ack':
        this.#acknowledged = true;
        this.#speaksTributary = message.speaksTributary;
        this.#isOrdered = message.isOrdered;
        clearTimeout(this.#ack);
        this.#sendWaiting();
        return;
      case 'ping':
        this.#socket.send('{"type":"pong"}');
        for (const [id, cursor] of message.cursors) {
          this.#hears(id, cursor)?.progress(cursor, message.snapshots.has(id));
        }
        for (const position of message.positions) this.#shift(position);
        return;
      case 'pong':
        return;
      case 'next': {
        const stamp = this.#speaksTributary ? message.stamp : noStamp;
        this.#hears(message.id, stamp.cursor)?.next(message.payload, stamp, bytes);
        return;
      }
      case 'error':
      case 'complete': {
        const sink = this.#subscribed.get(message.id)?.sink;
        this.#subscribed.delete(message.id);
        if (message.type === 'error') sink?.failed(message.errors);
        else sink?.completed();
      }
    }
  }

  /** Who is to be told of a message; undefined when it has left. Its first cursor says what its filter is. */
  #hears(id: string, cursor: string | null): UpstreamSink | undefined {
    const subscribed = this.#subscribed.get(id);
    if (subscribed === undefined) return undefined;
    if (subscribed.filter === null && cursor !== null) subscribed.filter = decodeCursor(cursor).filterHash;
    return subscribed.sink;
  }

  /** Who has not been told a cursor on this socket is none of those that a position is about. */
  #shift({ cursor, operations }: SharedPosition): void {
    for (const id of operations) {
      if (typeof id !== 'string') continue;
      const subscribed = this.#subscribed.get(id);
      if (subscribed === undefined || subscribed.filter === null) continue;
      subscribed.sink.progress(cursor.withFilter(subscribed.filter), false);
    }
  }

  #sendWaiting(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const [id, request] of waiting) this.#sendRequest(id, request);
  }

  #sendRequest(id: string, request: UpstreamRequest): void {
    const { extensions: _, ...plain } = request;
    const payload = this.#speaksTributary ? request : plain;
    this.#socket.send(JSON.stringify({ id, type: 'subscribe', payload }));
    this.#subscribed.get(id)?.sink.sent(this.#speaksTributary);
  }

  #pause(reason: PauseReason): void {
    if (this.#ended) return;
    this.#pauses.add(reason);
    this.#socket.pause();
  }

  #resume(reason: PauseReason): void {
    this.#pauses.delete(reason);
    if (this.#ended || this.#pauses.size > 0) return;
    this.#heard = true;
    this.#socket.resume();
  }

  #countTurn(bytes: number): void {
    if (this.#options.inTurns !== true) return;
    this.#turnBytes += bytes;
    if (this.#turnBytes < bytesInTurn || this.#pauses.has('TURN')) return;
    this.#pause('TURN');
    readInTurn(this.#takeTurn);
  }

  readonly #takeTurn = (): void => {
    this.#turnBytes = 0;
    this.#resume('TURN');
  };

  /** A dead peer answers no ping. While the socket is paused nothing can be heard, so nothing is judged. */
  #checkLiveness(): void {
    if (!this.#acknowledged || this.#socket.isPaused) return;
    if (this.#asked && !this.#heard) {
      this.#end(`was silent for ${2 * this.#options.pingMs} ms`);
      return;
    }
    this.#heard = false;
    this.#asked = true;
    this.#socket.ping();
  }

  /** Too large to be kept: its operation fails, the others on the socket go on. */
  /** Why a message cannot be taken; null for one that can. What is handed on unread may be nested as it likes. */
  #faultOf(message: UpstreamMessage, bytes: Buffer): string | null {
    const { messageBytes } = this.#options;
    if (bytes.length > messageBytes)
      return `an event of ${bytes.length} bytes; the limit is ${messageBytes}. Select less of it, or raise gateway.limits.upstreamMessageBytes.`;
    const isUnread = message.type === 'next' && message.payload instanceof PlainPayload;
    return !isUnread && isNestedTooDeep(bytes)
      ? `an event with more than ${maximumNesting} objects or lists within each other.`
      : null;
  }

  #refuse(id: string, fault: string): void {
    const sink = this.#subscribed.get(id)?.sink;
    this.unsubscribe(id);
    const message = `Subgraph "${this.#options.subgraph}" sent ${fault}`;
    sink?.failed([formatted(new TributaryError('SUBGRAPH_FAILED', message))]);
  }

  #fail(error: Error): void {
    // What `ws` cannot read will be the same the next time; what it cannot reach may be there.
    const isFault = 'code' in error && String(error.code).startsWith('WS_ERR_');
    if (isFault) this.#end(`sent a frame that cannot be read: ${error.message}`, error, 'SUBGRAPH_FAILED');
    else this.#end(`cannot be reached: ${error.message || 'no connection'}`, error);
  }

  #end(
    what: string,
    cause: unknown = null,
    code: 'SUBGRAPH_UNAVAILABLE' | 'SUBGRAPH_FAILED' = 'SUBGRAPH_UNAVAILABLE',
  ): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#stopTimers();
    this.#socket.terminate();
    const error = new TributaryError(
      code,
      `Subgraph "${this.#options.subgraph}" at ${this.#options.url} ${what}. Check that it runs and speaks graphql-transport-ws there.`,
      cause === null ? {} : { cause },
    );
    const subscribed = [...this.#subscribed.values()];
    this.#subscribed.clear();
    this.#onEnd(error);
    for (const { sink } of subscribed) sink.lost(error);
  }

  #stopTimers(): void {
    giveTurnUp(this.#takeTurn);
    clearTimeout(this.#ack);
    clearInterval(this.#pinger);
  }
}
