import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { wireBody } from '../../../../gateway/transports/query/answer.ts';
import { Front } from '../../../../gateway/transports/query/front.ts';

/** What a server made of the bytes of one connection. */
export interface Exchanged {
  /** All that came back, without dates. */
  readonly text: string;
  /** The server has closed the connection. */
  readonly closed: boolean;
}

/** Tells every request as it was understood, after as many turns of the loop as the request asks for. */
class Echo {
  readonly server: Server;
  readonly front: Front | null;
  /** Requests that run. */
  running = 0;
  /** Of these, those that came past Node's HTTP, ever. */
  plain = 0;

  constructor(withFront: boolean) {
    const node = createServer({ keepAliveTimeout: 72_000 }, (request, response) =>
      this.#serve(request, response),
    );
    this.front = withFront ? new Front({ requestMs: 30_000, keepAliveMs: 72_000, serve: this.#plain }) : null;
    this.server = this.front?.standBefore(node) ?? node;
  }

  readonly #plain: ConstructorParameters<typeof Front>[0]['serve'] = ({ method, url, headers, body }) => {
    // What the short way does with them.
    if (method === 'POST' && !(Number(headers['content-length']) > 0)) return null;
    if (method === 'GET' && headers['content-length'] !== undefined) return null;
    this.plain += 1;
    return this.#reply({ method, url, headers }, body);
  };

  async #reply(request: Pick<IncomingMessage, 'method' | 'url' | 'headers'>, body: Buffer) {
    this.running += 1;
    for (let turns = Number(request.headers['x-turns'] ?? 0) || 0; turns > 0; turns--)
      await new Promise((resolve) => setImmediate(resolve));
    this.running -= 1;
    const { method, url, headers } = request;
    const text = JSON.stringify({ method, url, headers: { ...headers }, body: body.toString('latin1') });
    return { status: 200, headers: { 'x-first': 'Zuerich' }, body: wireBody(`${text}\n`) };
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', async () => {
      const { status, headers, body } = await this.#reply(request, Buffer.concat(chunks));
      response.writeHead(status, { ...headers, 'content-length': body.length }).end(body.text);
    });
  }
}

/** A server that has the front before it, and Node's own, with the same handler. */
export class EchoServers {
  readonly #fronted = new Echo(true);
  readonly #node = new Echo(false);

  async start(): Promise<this> {
    for (const { server } of [this.#fronted, this.#node]) {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
    }
    return this;
  }

  async stop(): Promise<void> {
    this.#fronted.front?.close();
    for (const { server } of [this.#fronted, this.#node]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  /** Requests that were answered before Node. */
  get plain(): number {
    return this.#fronted.plain;
  }

  /** What each made of these pieces, written one a turn of the loop. */
  async both(pieces: readonly Buffer[]): Promise<{ readonly fronted: Exchanged; readonly node: Exchanged }> {
    const [fronted, node] = await Promise.all([
      exchange(this.#fronted, pieces),
      exchange(this.#node, pieces),
    ]);
    return { fronted, node };
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Ends when the server has closed, or has read everything, runs nothing and has had all that it wrote read. */
const exchange = async (echo: Echo, pieces: readonly Buffer[]): Promise<Exchanged> => {
  const { port } = echo.server.address() as AddressInfo;
  const client = connect(port, '127.0.0.1').on('error', () => undefined);
  const atServer = await accepted(echo.server, client);
  let closed = false;
  let text = '';
  client.on('data', (bytes) => {
    text += bytes.toString('latin1');
  });
  client.on('close', () => {
    closed = true;
  });
  let sent = 0;
  for (const piece of pieces) {
    if (closed) break;
    client.write(piece);
    sent += piece.length;
    await turn();
  }
  const isOver = (): boolean =>
    closed || (atServer.bytesRead === sent && echo.running === 0 && text.length === atServer.bytesWritten);
  for (let quiet = 0; quiet < 3; quiet = isOver() ? quiet + 1 : 0) await turn();
  client.destroy();
  return { text: text.replaceAll(/Date: .{29}/g, 'Date: -'), closed };
};

const accepted = (server: Server, client: Socket): Promise<Socket> =>
  new Promise((resolve) => {
    const look = (socket: Socket): void => {
      if (socket.remotePort !== client.localPort) return;
      server.off('connection', look);
      resolve(socket);
    };
    client.once('connect', () => undefined);
    server.on('connection', look);
  });
