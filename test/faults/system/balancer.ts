import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net';
import type { Service } from './service.ts';

const checkMs = 500;

/**
 * What a Kubernetes service is to its pods: one address for several replicas. New connections go in turn to those that
 * say that they are ready; open ones stay where they are.
 */
export class Balancer {
  readonly #replicas: readonly Service[];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #timer: NodeJS.Timeout;
  #ready: readonly Service[];
  #turn = 0;

  constructor(replicas: readonly Service[]) {
    this.#replicas = replicas;
    this.#ready = replicas;
    this.#server = createServer({ noDelay: true, pauseOnConnect: true }, (socket) => this.#forward(socket));
    this.#timer = setInterval(() => void this.#check(), checkMs);
  }

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #check(): Promise<void> {
    const ready = await Promise.all(this.#replicas.map((replica) => replica.isReady()));
    this.#ready = this.#replicas.filter((_, index) => ready[index] === true);
  }

  /** Without a replica that is ready the connection is refused, as far as one can refuse what was accepted. */
  #forward(client: Socket): void {
    this.#keep(client);
    const replica = this.#ready[this.#turn % Math.max(1, this.#ready.length)];
    this.#turn += 1;
    if (replica === undefined) {
      client.destroy();
      return;
    }
    const server = createConnection({ port: replica.port, host: '127.0.0.1', noDelay: true });
    this.#keep(server);
    client.pipe(server).pipe(client);
    client.on('close', () => server.destroy());
    server.on('close', () => client.destroy());
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
  }
}
