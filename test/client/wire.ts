import type { AddressInfo, Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { Signal } from '../gateway/support/signal.ts';

/** What a gateway says and hears on the wire, in the hand of the test. */
export class Wire {
  readonly server = new WebSocketServer({
    port: 0,
    host: '127.0.0.1',
    handleProtocols: () => 'graphql-transport-ws',
  });
  /** Whether pings are answered. */
  answers = true;
  /** Connections to come that are acknowledged and closed in one write, as by a gateway that is about to stop. */
  drained = 0;
  /** All that clients have said. */
  readonly heard: Heard[] = [];
  readonly changed = new Signal();

  constructor() {
    this.server.on('connection', (socket) => {
      socket.on('message', (data) => this.#hear(socket, JSON.parse(String(data))));
    });
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.server.address() as AddressInfo).port}/graphql`;
  }

  /** Resolves with the message of this type and index, of those that came or are to come. */
  async message(type: string, index = 0): Promise<Heard> {
    const ofType = (): Heard[] => this.heard.filter((message) => message.type === type);
    await this.changed.until(() => ofType().length > index);
    return ofType()[index]!;
  }

  stop(): void {
    for (const client of this.server.clients) client.terminate();
    this.server.close();
  }

  async subscription(index: number): Promise<Subscription> {
    const { socket, id, payload } = await this.message('subscribe', index);
    const send = (message: unknown): void => socket.send(JSON.stringify(message));
    return {
      payload,
      socket,
      next: (data, cursor) =>
        send({
          id,
          type: 'next',
          payload: { data, ...(cursor && { extensions: { tributary: { at: [0, 1], cursor } } }) },
        }),
      ping: (cursor) => send({ type: 'ping', payload: { cursors: { [id]: cursor } } }),
      error: (code, retryable) =>
        send({
          id,
          type: 'error',
          payload: [{ message: 'no', extensions: { code, ...(retryable && { retryable }) } }],
        }),
      complete: () => send({ id, type: 'complete' }),
    };
  }

  #acknowledge(socket: WebSocket): void {
    const raw = (socket as unknown as { readonly _socket: Socket })._socket;
    raw.cork();
    socket.send('{"type":"connection_ack"}');
    if (this.drained > 0) socket.close(1012, 'DRAINING');
    this.drained = Math.max(0, this.drained - 1);
    raw.uncork();
  }

  #hear(socket: WebSocket, message: { type: string; id: string; payload: Subscribe }): void {
    if (message.type === 'connection_init') this.#acknowledge(socket);
    if (message.type === 'ping' && this.answers) socket.send('{"type":"pong"}');
    this.heard.push({ ...message, socket });
    this.changed.fire();
  }
}

export interface Heard {
  readonly socket: WebSocket;
  readonly type: string;
  readonly id: string;
  readonly payload: Subscribe;
}

interface Subscribe {
  readonly query: string;
  readonly variables?: unknown;
  readonly extensions?: { readonly tributary?: { readonly cursor?: string } };
}

interface Subscription {
  readonly payload: Subscribe;
  readonly socket: WebSocket;
  next(data: unknown, cursor?: string): void;
  ping(cursor: string): void;
  error(code: string, retryable?: boolean): void;
  complete(): void;
}
