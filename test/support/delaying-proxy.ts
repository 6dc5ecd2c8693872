import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A long way to a server on this machine: every byte comes, in order, `delayMs` later. */
export interface DelayingProxy {
  readonly port: number;
  /** In each direction. What is under way already keeps its time. */
  delayMs: number;
  /** How many came so far. */
  readonly connections: number;
}

/** Stands in front of `port` until the test ends. */
export const startDelayingProxy = async (port: number): Promise<DelayingProxy> => {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ noDelay: true }, (client) => {
    proxy.connections += 1;
    const upstream = connect({ port, host: '127.0.0.1', noDelay: true });
    carry(client, upstream);
    carry(upstream, client);
  });
  const proxy = { port: 0, delayMs: 0, connections: 0 };
  const carry = (from: Socket, to: Socket): void => {
    sockets.add(from);
    const waiting: { readonly due: number; readonly work: () => void }[] = [];
    // One timer for all: of several, that of later bytes could fire first.
    const forward = (): void => {
      for (let first = waiting[0]; first !== undefined; first = waiting[0]) {
        const leftMs = first.due - performance.now();
        if (leftMs > 0) {
          setTimeout(forward, Math.ceil(leftMs));
          return;
        }
        waiting.shift();
        first.work();
      }
    };
    const later = (work: () => void): void => {
      waiting.push({ due: performance.now() + proxy.delayMs, work });
      if (waiting.length === 1) forward();
    };
    from.on('data', (bytes) => later(() => to.write(bytes)));
    from.on('error', () => undefined);
    from.on('close', () => {
      sockets.delete(from);
      later(() => to.destroy());
    });
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  proxy.port = (server.address() as AddressInfo).port;
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return proxy;
};
