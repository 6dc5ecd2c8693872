import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';

const taken = Promise.resolve();

/**
 * What goes to one client. All messages of a turn of the loop leave in one system call: ten events for ten operations of
 * a gateway were ten, of 40 µs each, and woke the gateway as often.
 */
export class Outbox {
  readonly #socket: WebSocket;
  readonly #raw: Duplex;
  #corked = false;
  #drained: PromiseWithResolvers<void> | null = null;

  /** `raw`: the connection below the websocket. */
  constructor(socket: WebSocket, raw: Duplex) {
    this.#socket = socket;
    this.#raw = raw;
    raw.on('drain', this.#settle).on('close', this.#settle);
  }

  /** The client is there and takes more. */
  get isWritable(): boolean {
    return this.#socket.readyState === this.#socket.OPEN && !this.#raw.writableNeedDrain;
  }

  /** Sends a message; resolves as soon as the client takes more, or is gone. */
  send(text: string): Promise<void> {
    if (this.#socket.readyState !== this.#socket.OPEN) return taken;
    this.#cork();
    this.#socket.send(text);
    if (!this.#raw.writableNeedDrain) return taken;
    this.#drained ??= Promise.withResolvers();
    return this.#drained.promise;
  }

  #cork(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.#raw.cork();
    setImmediate(this.#uncork);
  }

  readonly #uncork = (): void => {
    this.#corked = false;
    this.#raw.uncork();
  };

  readonly #settle = (): void => {
    this.#drained?.resolve();
    this.#drained = null;
  };
}
