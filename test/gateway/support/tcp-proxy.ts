import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Stands between a client and a gateway, so that a test can cut what a network would. */
export class TcpProxy {
  /** Connections that were ever made. */
  connections = 0;
  /** What the gateway has sent, on all connections. */
  downstream = '';
  /** Where new connections lead. */
  target: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(target: number) {
    this.target = target;
    this.#server = createServer((client) => {
      this.connections += 1;
      const gateway = connect(this.target, '127.0.0.1');
      gateway.on('data', (bytes) => {
        this.downstream += bytes.toString('latin1');
      });
      for (const [socket, other] of [
        [client, gateway],
        [gateway, client],
      ] as const) {
        this.#sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('close', () => {
          this.#sockets.delete(socket);
          other.destroy();
        });
        socket.pipe(other);
      }
    });
  }

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  /** The same address of a gateway, through here. */
  through(url: string): string {
    const { port } = this.#server.address() as AddressInfo;
    return Object.assign(new URL(url), { port: String(port) }).href;
  }

  /** Resets all connections. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Ends all connections; resolves when both sides know, so that nobody asks on one of them any more. */
  async end(): Promise<void> {
    const closed = [...this.#sockets].map((socket) => once(socket, 'close'));
    for (const socket of this.#sockets) socket.end();
    await Promise.all(closed);
  }

  async stop(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
