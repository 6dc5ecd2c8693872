import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { StringDecoder } from 'node:string_decoder';
import { WebSocket } from 'ws';

/** An event as it came: its data, its place in the topic, and the cursor behind it. */
export interface Received {
  readonly data: Readonly<Record<string, unknown>>;
  readonly at: readonly [partition: number, offset: number] | null;
  readonly cursor: string;
}

export interface StreamOptions {
  /** Of the gateway's /graphql. */
  readonly url: string;
  readonly query: string;
  readonly cursor?: string | null;
  readonly take: (event: Received) => void;
  /** The connection is over: how, in words. */
  readonly ended: (how: string) => void;
  /** The stream begins here, or moved on without an event. */
  readonly progress?: (cursor: string) => void;
}

/** A subscription whose client can stop reading: nothing is taken from the socket between `pause` and `resume`. */
export interface Stream {
  /** Bytes taken from the socket. */
  readonly bytes: number;
  pause(): void;
  resume(): void;
  close(): void;
}

interface Payload {
  readonly data?: Readonly<Record<string, unknown>>;
  readonly errors?: unknown;
  readonly extensions?: { readonly tributary?: Omit<Received, 'data'> };
}

const received = (payload: Payload): Received => {
  const tributary = payload.extensions?.tributary;
  if (payload.data === undefined || payload.errors !== undefined || tributary === undefined)
    throw new Error(`no event: ${JSON.stringify(payload)}`);
  return { data: payload.data, at: tributary.at, cursor: tributary.cursor };
};

export type Transport = 'ws' | 'SSE';

export const openStream = (transport: Transport, options: StreamOptions): Stream =>
  transport === 'ws' ? new SocketStream(options) : new EventStream(options);

/** graphql-transport-ws in a few lines: stock clients cannot stop reading. */
class SocketStream implements Stream {
  readonly #socket: WebSocket;
  bytes = 0;

  constructor({ url, query, cursor = null, take, ended, progress }: StreamOptions) {
    this.#socket = new WebSocket(url.replace(/^http/, 'ws'), 'graphql-transport-ws', {
      perMessageDeflate: false,
    });
    this.#socket.on('open', () => this.#socket.send('{"type":"connection_init"}'));
    this.#socket.on('error', () => undefined);
    this.#socket.on('close', (code, reason) => ended(`${code} ${reason.toString()}`.trim()));
    this.#socket.on('message', (bytes: Buffer) => {
      this.bytes += bytes.length;
      const message = JSON.parse(bytes.toString()) as {
        readonly type: string;
        readonly payload?: Payload & { readonly cursors?: Readonly<Record<string, string>> };
      };
      if (message.type === 'connection_ack') {
        const extensions = cursor === null ? {} : { tributary: { cursor } };
        this.#socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query, extensions } }));
      } else if (message.type === 'next') take(received(message.payload ?? {}));
      else if (message.type === 'ping') {
        this.#socket.send('{"type":"pong"}');
        const at = message.payload?.cursors?.['1'];
        if (at !== undefined) progress?.(at);
      } else if (message.type !== 'pong') ended(JSON.stringify(message));
    });
  }

  pause(): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#socket.terminate();
  }
}

/** Server-sent events, read as an EventSource reads them. */
class EventStream implements Stream {
  readonly #request: ClientRequest;
  readonly #options: StreamOptions;
  readonly #text = new StringDecoder('utf8');
  #response: IncomingMessage | null = null;
  #rest = '';
  bytes = 0;

  constructor(options: StreamOptions) {
    const { url, query, cursor = null, ended } = options;
    this.#options = options;
    const headers = {
      accept: 'text/event-stream',
      ...(cursor === null ? {} : { 'last-event-id': cursor }),
    };
    this.#request = request(`${url}?query=${encodeURIComponent(query)}`, { agent: false, headers });
    this.#request.on('error', (error) => ended(error.message));
    this.#request.on('response', (response) => {
      this.#response = response;
      response.on('data', (bytes: Buffer) => this.#read(bytes));
      response.on('error', () => undefined);
      response.on('close', () => ended(response.complete ? 'end of the body' : 'broken off'));
    });
    this.#request.end();
  }

  pause(): void {
    this.#response?.pause();
  }

  resume(): void {
    this.#response?.resume();
  }

  close(): void {
    this.#request.destroy();
  }

  #read(bytes: Buffer): void {
    this.bytes += bytes.length;
    const blocks = (this.#rest + this.#text.write(bytes)).split('\n\n');
    this.#rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const data = /^data: (.+)$/m.exec(block)?.[1];
      const id = /^id: (.+)$/m.exec(block)?.[1];
      if (data !== undefined) this.#options.take(received(JSON.parse(data) as Payload));
      else if (id !== undefined) this.#options.progress?.(id);
    }
  }
}
