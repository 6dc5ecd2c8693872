import type { Socket } from 'node:net';
import type { TributaryError } from '../../../schema/errors.ts';
import type { ClientRequest } from '../../request-scope.ts';
import type { Outlet } from '../../subscriptions/index.ts';
import type { Source } from '../attached.ts';
import type { TransportContext } from '../operation.ts';
import { SocketWriter, type WriterOwner } from '../writer.ts';
import type { ClientWebSocket, WebSocketOwner } from './client-websocket.ts';
import { type ClientSocket, Connection, closeOf } from './connection.ts';
import { ProgressPace } from './progress-pace.ts';

/** A socket that does not answer our close frame is destroyed after this: who does not read, reads no close (S21). */
const closeMs = 1_000;

/** Stock clients come back after it: https://github.com/Luka967/websocket-close-codes */
const tryAgainLater = 1013;

/** Heartbeats that a client may leave unanswered while it still has events to read. */
const blockedBeats = 5;

/** A websocket, the raw socket below it, and the request that asked for it. */
export interface Accepted {
  readonly websocket: ClientWebSocket;
  readonly socket: Socket;
  readonly request: ClientRequest;
}

/**
 * One websocket of a client: binds `ws`, the writer on the raw socket, and the protocol. It is what each of the three is given
 * of the others, since closures for that would be a tenth of what an idle client takes in memory.
 */
export class Client implements ClientSocket, WebSocketOwner, WriterOwner {
  readonly #websocket: ClientWebSocket;
  readonly #writer: SocketWriter;
  readonly #connection: Connection;
  readonly #left: (client: Client) => void;
  #missed = 0;
  /** It has sent a message since the last heartbeat. */
  #spoke = false;
  readonly #pace = new ProgressPace();

  /** `left` is called when its connection is gone. */
  constructor(
    { websocket, socket, request }: Accepted,
    context: TransportContext,
    left: (client: Client) => void,
  ) {
    this.#websocket = websocket;
    this.#left = left;
    const { unsentBytes } = context.limits;
    this.#writer = new SocketWriter({ socket, websocket, unsentBytes, owner: this });
    this.#connection = new Connection(this, context, request);
    websocket.tell(this);
    if (websocket.protocol !== 'graphql-transport-ws') this.close(4406, 'Subprotocol not acceptable');
  }

  /**
   * Open, and nothing is lost by a close: no answer is under way, which might be a mutation's and be asked for twice, and each
   * of its subscriptions came by a cursor.
   */
  get losesNothing(): boolean {
    const { readyState, OPEN } = this.#websocket;
    return readyState === OPEN && !this.#connection.answers && this.#writer.losesNothing;
  }

  /** Asks whether the client is there; one that did not answer the last time is gone. Who answers progress is not asked besides. */
  beat(): void {
    if (this.#missed > (this.#writer.blocked ? blockedBeats : 0)) {
      this.#websocket.terminate();
      return;
    }
    const spoke = this.#spoke;
    this.#spoke = false;
    if (spoke) return;
    this.#missed += 1;
    if (this.#websocket.readyState === this.#websocket.OPEN) this.#websocket.ping();
  }

  /** It is time to tell cursors that moved without an event. */
  progress(): void {
    this.#pace.due(() => this.#writer.progress());
  }

  /** Sends what is due, then closes with the code of an error; resolves when the socket is gone. */
  async end(error: TributaryError): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      if (this.#websocket.readyState === this.#websocket.CLOSED) resolve();
      else this.#websocket.on('close', () => resolve());
    });
    const late = setTimeout(() => this.#websocket.terminate(), closeMs);
    await this.#writer.finish(closeMs / 2);
    this.close(...closeOf(error));
    await closed;
    clearTimeout(late);
  }

  received(message: string | null): void {
    this.#missed = 0;
    this.#spoke = true;
    this.#connection.receive(message);
  }

  heard(): void {
    this.#missed = 0;
  }

  pinged(bytes: number): void {
    this.#missed = 0;
    // `ws` has answered by a pong of the same size.
    this.#writer.count(bytes);
  }

  over(): void {
    this.#stop();
  }

  gone(): void {
    this.#stop();
    this.#left(this);
  }

  message(text: string): void {
    this.#writer.message(text);
  }

  attach(id: string, subscribe: (outlet: Outlet) => Source): void {
    this.#writer.attach(id, subscribe);
  }

  detach(id: string): void {
    this.#writer.detach(id);
  }

  has(id: string): boolean {
    return this.#writer.has(id);
  }

  get size(): number {
    return this.#writer.size;
  }

  closeSlow(reason: string): void {
    this.close(tryAgainLater, reason);
  }

  close(code: number, reason: string): void {
    this.#stop();
    if (this.#websocket.readyState !== this.#websocket.OPEN) return;
    this.#websocket.close(
      code,
      Buffer.from(reason)
        .subarray(0, 123)
        .toString('utf8')
        .replace(/\uFFFD+$/u, ''),
    );
    setTimeout(() => this.#websocket.terminate(), closeMs).unref();
  }

  #stop(): void {
    this.#connection.stop();
    this.#writer.stop();
  }
}
