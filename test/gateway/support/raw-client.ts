import { once } from 'node:events';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { Signal } from './signal.ts';

interface Message {
  readonly type: string;
  readonly id?: string;
  readonly payload?: unknown;
}

/** A websocket that says what a test wants, protocol or not. */
export class RawClient {
  readonly messages: Message[] = [];
  readonly changed = new Signal();
  closed: { code: number; reason: string } | null = null;
  readonly websocket: WebSocket;

  constructor(url: string, options: { protocol?: string; headers?: Record<string, string> } = {}) {
    this.websocket = new WebSocket(url, options.protocol ?? 'graphql-transport-ws', {
      headers: options.headers ?? {},
    });
    this.websocket.on('message', (data) => {
      this.messages.push(JSON.parse(String(data)));
      this.changed.fire();
    });
    this.websocket.on('error', () => undefined);
    this.websocket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
      this.changed.fire();
    });
  }

  /** The TCP socket below. */
  get socket(): Socket {
    return (this.websocket as unknown as { _socket: Socket })._socket;
  }

  async open(): Promise<this> {
    await once(this.websocket, 'open');
    return this;
  }

  send(message: Message | string | Buffer): void {
    const isMessage = typeof message === 'object' && !Buffer.isBuffer(message);
    this.websocket.send(isMessage ? JSON.stringify(message) : message);
  }

  /** Opens and initialises. */
  async initialised(): Promise<this> {
    await this.open();
    this.send({ type: 'connection_init' });
    await this.message(({ type }) => type === 'connection_ack');
    return this;
  }

  async message(matches: (message: Message) => boolean): Promise<Message> {
    await this.changed.until(() => this.messages.some(matches) || this.closed !== null);
    const found = this.messages.find(matches);
    if (found === undefined) throw new Error(`closed: ${JSON.stringify(this.closed)}`);
    return found;
  }

  async close(): Promise<{ code: number; reason: string }> {
    await this.changed.until(() => this.closed !== null);
    return this.closed!;
  }
}
