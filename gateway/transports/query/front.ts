import { type Server, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { PlainReply } from './answer.ts';
import { readWireRequest, type WireRequest } from './wire-request.ts';

/** Runs a plain request, and never rejects; null: it is none. */
export type ServePlain = (request: WireRequest, socket: Socket) => Promise<PlainReply> | null;

export interface FrontOptions {
  readonly serve: ServePlain;
  /** Milliseconds until the first request begins. */
  readonly requestMs: number;
  /** Milliseconds for which a connection may be idle behind an answer, as clients are told. */
  readonly keepAliveMs: number;
}

/** A request that a client sends in the last moment is answered all the same. */
const marginMs = 1_000;

/**
 * Stands on the connections of a server before Node's HTTP: answers plain requests, and with the first that is none gives the
 * connection to Node, for good. Node's parser, its streams of a body, and its two objects a request are a fifth of a small query.
 */
export class Front {
  readonly #options: FrontOptions;
  readonly #connections = new Set<FrontConnection>();

  constructor(options: FrontOptions) {
    this.#options = options;
  }

  /** Before the server listens. */
  standBefore(server: Server): Server {
    const [toNode] = server.listeners('connection');
    if (toNode === undefined) throw new Error('The server has no listener for connections.');
    server.removeListener('connection', toNode as (socket: Socket) => void);
    server.on('connection', (socket: Socket) => {
      const connection = new FrontConnection(socket, this.#options, (first) => {
        this.#connections.delete(connection);
        if (first === null) return;
        toNode.call(server, socket);
        // Not unshifted: Node's parser reads from the handle, and what is in the stream would come behind it.
        socket.emit('data', first);
      });
      this.#connections.add(connection);
    });
    return server;
  }

  /** Resolves when nothing runs, and all that was answered has left. */
  async over(): Promise<void> {
    await Promise.all([...this.#connections].map((connection) => connection.over()));
  }

  /** Ends the connections that Node does not have. */
  close(): void {
    for (const connection of this.#connections) connection.destroy();
  }
}

class FrontConnection {
  readonly #socket: Socket;
  readonly #options: FrontOptions;
  /** Called once: with the first bytes that are for Node, or null when it is gone. */
  readonly #leave: (first: Buffer | null) => void;
  #answered = false;
  /** Until its first request comes. Not the socket's own: that would stay with it for life, and each write looks at it. */
  readonly #silent: NodeJS.Timeout;
  /** The client has sent its last byte. */
  #ended = false;
  /** Came while a request ran. */
  #early: Buffer[] = [];
  #running: Promise<void> | null = null;

  constructor(socket: Socket, options: FrontOptions, leave: (first: Buffer | null) => void) {
    this.#socket = socket;
    this.#options = options;
    this.#leave = leave;
    this.#silent = setTimeout(this.destroy, options.requestMs);
    socket.on('data', this.#take);
    socket.on('timeout', this.#idle);
    socket.on('error', this.#ignore);
    socket.once('end', this.#end);
    socket.once('close', this.#gone);
  }

  /** Requests that came early run behind the one that runs; a client may take its time to read the answers. */
  async over(): Promise<void> {
    while (this.#running !== null) await this.#running;
    if (this.#socket.writableLength > 0)
      await new Promise<void>((resolve) => void this.#socket.write('', () => resolve()));
  }

  readonly destroy = (): void => void this.#socket.destroy();

  readonly #take = (bytes: Buffer): void => {
    clearTimeout(this.#silent);
    if (this.#running !== null) {
      this.#early.push(bytes);
      this.#socket.pause();
      return;
    }
    const request = readWireRequest(bytes);
    const reply = request === null ? null : this.#options.serve(request, this.#socket);
    if (reply === null) this.#giveAway(bytes);
    else this.#running = reply.then(this.#answer).catch(this.destroy);
  };

  readonly #answer = ({ status, headers, body }: PlainReply): void => {
    this.#running = null;
    if (!this.#answered) this.#socket.setTimeout(this.#options.keepAliveMs + marginMs);
    this.#answered = true;
    const { text, length, encoding } = body;
    let head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`;
    for (const name in headers) head += `${name}: ${headers[name]}\r\n`;
    head += `content-length: ${length}\r\nDate: ${dateNow()}\r\nConnection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(this.#options.keepAliveMs / 1000)}\r\n\r\n`;
    // The head is ASCII.
    const taken = this.#socket.write(head + text, encoding);
    if (!taken) {
      this.#socket.pause();
      this.#socket.once('drain', this.#goOn);
    } else this.#goOn();
  };

  readonly #goOn = (): void => {
    const early = this.#early;
    if (early.length > 0) {
      this.#early = [];
      this.#socket.resume();
      this.#take(Buffer.concat(early));
    } else if (this.#ended) this.#socket.end();
    else if (this.#socket.isPaused()) this.#socket.resume();
  };

  readonly #idle = (): void => {
    if (this.#running === null) this.destroy();
  };
  readonly #ignore = (): void => undefined;
  /** A client may close its half behind a request and wait for the answer. */
  readonly #end = (): void => {
    this.#ended = true;
    if (this.#running === null) this.#socket.end();
  };
  readonly #gone = (): void => {
    clearTimeout(this.#silent);
    this.#leave(null);
  };

  #giveAway(bytes: Buffer): void {
    const socket = this.#socket;
    if (this.#answered) socket.setTimeout(0);
    socket.off('data', this.#take);
    socket.off('timeout', this.#idle);
    socket.off('error', this.#ignore);
    socket.off('end', this.#end);
    socket.off('close', this.#gone);
    this.#leave(bytes);
  }
}

let date = '';
let dateOf = 0;

/** As Node writes it; it changes once a second. */
const dateNow = (): string => {
  const second = Math.floor(Date.now() / 1000);
  if (second !== dateOf) {
    dateOf = second;
    date = new Date(second * 1000).toUTCString();
  }
  return date;
};
