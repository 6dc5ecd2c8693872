import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Server as ServerOf, WebSocketServer } from 'ws';
import { errorMappings, TributaryError } from '../../../schema/errors.ts';
import { requestIdHeader } from '../../../schema/request-id.ts';
import { paced } from '../../paced.ts';
import { identify, requestOf } from '../../request-scope.ts';
import type { TransportContext } from '../operation.ts';
import { Client } from './client.ts';
import { ClientWebSocket } from './client-websocket.ts';

export interface WebSocketOptions {
  readonly server: Server;
  readonly path: string;
  readonly context: TransportContext;
  /** Refuses a request by a TributaryError (S29). */
  check(request: IncomingMessage): TributaryError | null;
}

/** The websockets of a gateway: takes upgrades of an HTTP server, keeps the sockets alive, and drains them. */
export class WebSockets {
  readonly #options: WebSocketOptions;
  readonly #clients = new Set<Client>();
  readonly #server: ServerOf<typeof ClientWebSocket>;
  readonly #timers: readonly NodeJS.Timeout[];
  #draining = false;
  #stopShedding: () => void = () => undefined;

  constructor(options: WebSocketOptions) {
    this.#options = options;
    const { limits } = options.context;
    this.#server = new WebSocketServer({
      noServer: true,
      WebSocket: ClientWebSocket,
      clientTracking: false,
      // Compression would need a buffer and a copy a client, and the writer's shared bytes could not be shared.
      perMessageDeflate: false,
      maxPayload: limits.messageBytes,
      handleProtocols: (offered) => (offered.has('graphql-transport-ws') ? 'graphql-transport-ws' : false),
    });
    this.#server.on('headers', (answer, { headers }) => {
      answer.push(`${requestIdHeader}: ${identify(headers)}`);
    });
    options.server.on('upgrade', this.#upgrade);
    this.#timers = [
      setInterval(() => this.#each((client) => client.beat()), limits.heartbeatMs),
      setInterval(() => this.#each((client) => client.progress()), limits.progressMs),
    ];
  }

  /** How many are open. */
  get size(): number {
    return this.#clients.size;
  }

  /**
   * Closes up to so many with 1012, spread over `drainMs`: elsewhere there is more room for them. Only those who lose nothing
   * by it, and of them those that came last. What is left of the call before is given up.
   */
  shed(count: number): void {
    this.#stopShedding();
    if (this.#draining) return;
    const error = new TributaryError('DRAINING', 'Another process has fewer clients; connect again.');
    const last = [...this.#clients].filter(({ losesNothing }) => losesNothing).slice(-count);
    this.#stopShedding = paced(last, this.#options.context.limits.drainMs, (client) => {
      // Since then it may have asked for something.
      if (client.losesNothing) void client.end(error);
    });
  }

  /**
   * Takes no more, and closes all sockets with 1012, spread over `drainMs` so that they do not come back all at once (S21).
   * Resolves when all are gone, at the latest a second after the last was closed.
   */
  async stop(): Promise<void> {
    this.#draining = true;
    this.#stopShedding();
    const error = new TributaryError('DRAINING', 'The gateway is about to stop; connect again.');
    const ended: Promise<void>[] = [];
    await new Promise<void>((resolve) => {
      const end = (client: Client): void => void ended.push(client.end(error));
      paced(this.#clients, this.#options.context.limits.drainMs, end, resolve);
    });
    await Promise.all(ended);
    for (const timer of this.#timers) clearInterval(timer);
  }

  #each(act: (client: Client) => void): void {
    for (const client of this.#clients) act(client);
  }

  readonly #upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    socket.on('error', destroyFailed);
    const refused = this.#refusal(request);
    if (refused !== null) {
      refuse(socket, ...refused);
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (websocket) =>
      // Node's server gives no other kind (https://nodejs.org/api/http.html#event-upgrade).
      this.#accept(websocket, socket as Socket, request),
    );
  };

  #refusal(request: IncomingMessage): readonly [number, TributaryError] | null {
    if (this.#draining)
      return [503, new TributaryError('DRAINING', 'The gateway is about to stop; connect again.')];
    const unwanted = this.#options.check(request);
    if (unwanted !== null) return [errorMappings[unwanted.code].http, unwanted];
    const { limits, subscriptions } = this.#options.context;
    const { sockets } = limits;
    if (this.#clients.size >= sockets) {
      subscriptions.counters.socketsRefused += 1;
      const message = `This process has ${sockets} websockets, its limit. Connect to another replica, or raise gateway.limits.sockets.`;
      return [503, new TributaryError('TOO_MANY_OPERATIONS', message)];
    }
    if (request.url?.split('?', 1)[0] === this.#options.path) return null;
    return [404, new TributaryError('NOT_FOUND', `Websockets are served at ${this.#options.path}.`)];
  }

  #accept(websocket: ClientWebSocket, socket: Socket, { headers }: IncomingMessage): void {
    // From here on `ws` listens.
    socket.off('error', destroyFailed);
    const accepted = { websocket, socket, request: requestOf(headers) };
    this.#clients.add(new Client(accepted, this.#options.context, this.#left));
  }

  readonly #left = (client: Client): void => void this.#clients.delete(client);
}

/** Of an upgrade that is not decided yet. */
function destroyFailed(this: Duplex): void {
  this.destroy();
}

/**
 * Answers an upgrade that is not made, as HTTP. Nobody reads what its client sends behind it, so that the connection would
 * never end by itself, nor the server that waits for it.
 */
const refuse = (socket: Duplex, status: number, { message, code }: TributaryError): void => {
  const body = JSON.stringify({ errors: [{ message, extensions: { code } }] });
  socket.once('finish', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
};
