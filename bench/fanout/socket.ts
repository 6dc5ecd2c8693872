import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { clientFrame, FrameReader, opcodes } from './frames.ts';

/** An operation to subscribe to. */
export interface Operation {
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
}

/** What was read last, of all sockets: no memory is asked for, and no stream goes between, for each of a million events. */
const arrived = Buffer.allocUnsafeSlow(64 * 1024);

/** Takes each event: where it is in `bytes`. */
export type OnEvent = (bytes: Buffer, start: number, end: number) => void;

/**
 * A websocket client that costs little more than its system calls, since it shares the machine with what is measured.
 * Speaks graphql-transport-ws; with no operations it only listens, and takes each message for an event.
 */
export class ClientSocket {
  readonly #socket: Socket;
  readonly #onEvent: OnEvent;
  readonly #onMessage: (type: string) => void;
  readonly #all: boolean;

  private constructor(socket: Socket, onEvent: OnEvent, onMessage: (type: string) => void, all: boolean) {
    this.#socket = socket;
    this.#onEvent = onEvent;
    this.#onMessage = onMessage;
    this.#all = all;
  }

  /** Resolves when the server took the connection, and the operations were sent. */
  static async open(url: URL, operations: readonly Operation[], onEvent: OnEvent): Promise<ClientSocket> {
    let onRead = (_count: number): void => {};
    const callback = (count: number): boolean => {
      onRead(count);
      return true;
    };
    const to = { host: url.hostname, port: Number(url.port), noDelay: true };
    const socket = connect({ ...to, onread: { buffer: arrived, callback } });
    await once(socket, 'connect');
    const acknowledged = Promise.withResolvers<void>();
    const client = new ClientSocket(
      socket,
      onEvent,
      (type) => {
        if (type === 'connection_ack') acknowledged.resolve();
        else if (type !== 'ping') socket.destroy(new Error(`the server sent ${type}`));
      },
      operations.length === 0,
    );
    socket.on('close', () => acknowledged.reject(new Error(`${url} closed the connection`)));
    socket.on('error', (error) => acknowledged.reject(error));
    socket.write(handshake(url));
    const reader = new FrameReader((opcode, bytes, start, end) => client.#take(opcode, bytes, start, end));
    let head = Buffer.alloc(0);
    const opened = Promise.withResolvers<void>();
    onRead = (count) => {
      head = Buffer.concat([head, arrived.subarray(0, count)]);
      const end = head.indexOf('\r\n\r\n');
      if (end === -1) return;
      const rest = head.subarray(end + 4);
      if (!head.toString('latin1', 0, 12).endsWith(' 101')) {
        acknowledged.reject(new Error(`${url} refused: ${head.toString('latin1', 0, end).split('\r\n')[0]}`));
      }
      onRead = (following) => reader.read(arrived, following);
      opened.resolve();
      if (rest.length > 0) reader.read(rest);
    };
    await Promise.race([opened.promise, acknowledged.promise]);
    if (operations.length === 0) return client;
    client.#send({ type: 'connection_init' });
    await acknowledged.promise;
    for (const [index, payload] of operations.entries()) {
      client.#send({ id: String(index), type: 'subscribe', payload });
    }
    return client;
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed;
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(opcode: number, bytes: Buffer, start: number, end: number): void {
    if (opcode === opcodes.ping) {
      this.#socket.write(clientFrame(opcodes.pong, bytes.subarray(start, end)));
    } else if (opcode === opcodes.close) {
      this.#socket.destroy();
    } else if (opcode === opcodes.text) {
      if (this.#all || isNext(bytes, start, end)) {
        this.#onEvent(bytes, start, end);
        return;
      }
      const { type, payload } = JSON.parse(bytes.toString('utf8', start, end)) as {
        type: string;
        payload?: unknown;
      };
      if (type === 'ping') this.#send({ type: 'pong', payload });
      this.#onMessage(type === 'error' ? `error: ${JSON.stringify(payload)}` : type);
    }
  }

  #send(message: unknown): void {
    this.#socket.write(clientFrame(opcodes.text, Buffer.from(JSON.stringify(message))));
  }
}

const next = Buffer.from(':"next"');

/** Whether a message is of type `next`, by its beginning: whoever writes them puts id and type first. */
const isNext = (bytes: Buffer, start: number, end: number): boolean => {
  const last = Math.min(end - next.length, start + 100);
  for (let at = start; at < last; at++) {
    if (bytes[at] === 0x3a && bytes[at + 2] === 0x6e && bytes[at + 3] === 0x65 && bytes[at + 4] === 0x78)
      return true;
  }
  return false;
};

const handshake = (url: URL): string =>
  [
    `GET ${url.pathname} HTTP/1.1`,
    `Host: ${url.host}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Key: ${Buffer.from('tributary--bench').toString('base64')}`,
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Protocol: graphql-transport-ws',
    '\r\n',
  ].join('\r\n');
