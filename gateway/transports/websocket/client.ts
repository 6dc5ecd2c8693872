import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { TributaryError } from '../../../schema/errors.ts';
import type { ClientRequest } from '../../request-scope.ts';
import type { TransportContext } from '../operation.ts';
import { SocketWriter } from '../writer.ts';
import { Connection, closeOf } from './connection.ts';

/** A socket that does not answer our close frame is destroyed after this: who does not read, reads no close (S21). */
const closeMs = 1_000;

/** Stock clients come back after it: https://github.com/Luka967/websocket-close-codes */
const tryAgainLater = 1013;

/** Heartbeats that a client may leave unanswered while it still has events to read. */
const blockedBeats = 5;

/** A websocket, the raw socket below it, and the request that asked for it. */
export interface Accepted {
  readonly websocket: WebSocket;
  readonly socket: Socket;
  readonly request: ClientRequest;
}

/** One websocket of a client: binds `ws`, the writer on the raw socket, and the protocol. */
export class Client {
  readonly #websocket: WebSocket;
  readonly #writer: SocketWriter;
  readonly #connection: Connection;
  readonly #closed: Promise<void>;
  #missed = 0;

  constructor({ websocket, socket, request }: Accepted, context: TransportContext) {
    this.#websocket = websocket;
    this.#closed = new Promise((resolve) => websocket.on('close', () => resolve()));
    this.#writer = new SocketWriter(socket, {
      unsentBytes: context.limits.unsentBytes,
      websocket,
      onEnd: (id) => this.#connection.ended(id),
      onClose: (reason) => this.#close(tryAgainLater, reason),
    });
    this.#connection = new Connection(
      {
        message: (text) => this.#writer.message(text),
        attach: (id, subscribe) => void this.#writer.attach(id, subscribe),
        detach: (id) => this.#writer.detach(id),
        close: (code, reason) => this.#close(code, reason),
      },
      context,
      request,
    );
    this.#listen();
    if (websocket.protocol !== 'graphql-transport-ws') this.#close(4406, 'Subprotocol not acceptable');
  }

  /**
   * Open, and nothing is lost by a close: no answer is under way, which might be a mutation's and be asked for twice, and each
   * of its subscriptions came by a cursor.
   */
  get losesNothing(): boolean {
    const { readyState, OPEN } = this.#websocket;
    return readyState === OPEN && !this.#connection.answers && this.#writer.losesNothing;
  }

  /** Asks whether the client is there; one that did not answer the last time is gone. */
  beat(): void {
    if (this.#missed > (this.#writer.blocked ? blockedBeats : 0)) {
      this.#websocket.terminate();
      return;
    }
    this.#missed += 1;
    if (this.#websocket.readyState === this.#websocket.OPEN) this.#websocket.ping();
  }

  /** Tells cursors that moved without an event. */
  progress(): void {
    this.#writer.progress();
  }

  /** Sends what is due, then closes with the code of an error; resolves when the socket is gone. */
  async end(error: TributaryError): Promise<void> {
    const late = setTimeout(() => this.#websocket.terminate(), closeMs);
    await this.#writer.finish(closeMs / 2);
    this.#close(...closeOf(error));
    await this.#closed;
    clearTimeout(late);
  }

  #listen(): void {
    this.#websocket.on('message', (data, isBinary) => {
      this.#missed = 0;
      this.#connection.receive(isBinary ? null : (data as Buffer).toString());
    });
    this.#websocket.on('pong', () => {
      this.#missed = 0;
    });
    this.#websocket.on('ping', (data) => {
      this.#missed = 0;
      // `ws` has answered by a pong of the same size.
      this.#writer.count(data.length + 2);
    });
    // `ws` closes by itself, with the code of what was wrong with a frame.
    this.#websocket.on('error', () => this.#stop());
    this.#websocket.on('close', () => this.#stop());
  }

  #stop(): void {
    this.#connection.stop();
    this.#writer.stop();
  }

  #close(code: number, reason: string): void {
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
}
