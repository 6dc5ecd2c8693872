/** A stock graphql-ws server, as its documentation sets one up: each client's operation is executed for each event. */
import { EventEmitter, on, once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { buildSchema } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { serveMethods } from '../processes/script.ts';
import { atTimes, type Pace } from './pace.ts';

const schema = buildSchema(`
  type Query { ok: Boolean }
  type Subscription { ticks: Tick! }
  type Tick { id: ID! key: ID! sentAt: String! text: String! product: Product! }
  type Product { upc: ID! name: String! }`);

const bus = new EventEmitter();
bus.setMaxListeners(0);

async function* ticks(): AsyncGenerator<unknown> {
  for await (const [tick] of on(bus, 'tick')) yield { ticks: tick };
}

const server = new WebSocketServer({
  port: 0,
  host: '127.0.0.1',
  path: '/graphql',
  perMessageDeflate: false,
});
useServer({ schema, roots: { subscription: { ticks } } }, server);
await once(server, 'listening');

const methods = {
  port: () => (server.address() as AddressInfo).port,
  publish: ({ tick, ...pace }: Pace & { readonly tick: Readonly<Record<string, unknown>> }) =>
    atTimes(pace, async (count) => {
      for (let event = 0; event < count; event++) bus.emit('tick', tick);
    }),
};

export type StockMethods = typeof methods;
serveMethods(methods);
