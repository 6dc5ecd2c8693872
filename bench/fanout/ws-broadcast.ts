/** The least that a fan-out costs with `ws`: a loop of `send` over the sockets, nothing parsed, nothing known. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { serveMethods } from '../processes/script.ts';
import { atTimes, type Pace } from './pace.ts';

const server = new WebSocketServer({
  port: 0,
  host: '127.0.0.1',
  perMessageDeflate: false,
  // The same sockets as Tributary has: the heap of a busy process is not that of an empty one.
  handleProtocols: () => 'graphql-transport-ws',
});
await once(server, 'listening');

const methods = {
  port: () => (server.address() as AddressInfo).port,
  publish: async ({ text, ...pace }: Pace & { readonly text: string }) => {
    await atTimes(pace, async (count) => {
      for (let event = 0; event < count; event++) for (const client of server.clients) client.send(text);
    });
  },
  /** Each event to one socket, in turn. */
  publishInTurn: async ({ text, ...pace }: Pace & { readonly text: string }) => {
    const clients = [...server.clients];
    let next = 0;
    await atTimes(pace, async (count) => {
      for (let event = 0; event < count; event++) clients[next++ % clients.length]?.send(text);
    });
  },
};

export type BroadcastMethods = typeof methods;
serveMethods(methods);
