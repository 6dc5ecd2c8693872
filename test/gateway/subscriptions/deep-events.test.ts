import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';
import { createClient } from 'graphql-ws';
import { pino } from 'pino';
import { afterEach, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { type RunningGateway, startGateway } from '../../../gateway/index.ts';

const typeDefs = parse('scalar Any type Query { any: Any } type Subscription { any: Any other: Any }');
const stopped: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stopped.splice(0).toReversed()) await stop();
});

/** A gateway before a subgraph that answers each subscription with these payloads, as they are. */
const start = async (payloads: Readonly<Record<string, string>>): Promise<RunningGateway> => {
  const server = createServer();
  const sockets = new WebSocketServer({ server, handleProtocols: () => 'graphql-transport-ws' });
  sockets.on('connection', (socket) => {
    socket.on('message', (data) => {
      const { type, id, payload } = JSON.parse(String(data));
      if (type === 'connection_init') socket.send('{"type":"connection_ack"}');
      if (type !== 'subscribe') return;
      for (const [field, text] of Object.entries(payloads)) {
        if (payload.query.includes(field)) socket.send(`{"id":"${id}","type":"next","payload":${text}}`);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stopped.push(async () => {
    for (const socket of sockets.clients) socket.terminate();
    server.close();
    await once(server, 'close');
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
  const { supergraphSdl = '' } = composeServices([{ name: 'deep', typeDefs, url }]);
  const gateway = await startGateway({ port: 0, supergraphSdl, log: pino({ level: 'silent' }) });
  stopped.push(() => gateway.stop());
  return gateway;
};

/** The first thing that a subscription is told. */
const firstOf = async ({ url }: RunningGateway, query: string): Promise<unknown> => {
  const client = createClient({ url: url.replace('http', 'ws'), webSocketImpl: WebSocket, retryAttempts: 0 });
  stopped.push(async () => client.dispose());
  try {
    for await (const result of client.iterate({ query })) return result;
  } catch (error) {
    return error;
  }
  return null;
};

const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;

test('an event that is nested too deep ends its own operation, and no other on the socket', async () => {
  const gateway = await start({
    any: `{"data":{"any":${nested(100_000)}}}`,
    other: '{"data":{"other":[[1]]}}',
  });
  const refused = [
    {
      message: 'Subgraph "deep" sent an event with more than 500 objects or lists within each other.',
      extensions: { code: 'SUBGRAPH_FAILED' },
    },
  ];
  expect(await firstOf(gateway, 'subscription { any }')).toMatchObject(refused);
  expect(await firstOf(gateway, 'subscription { other }')).toMatchObject({ data: { other: [[1]] } });
});

test('errors that are nested too deep end their own operation', async () => {
  const deep = `{"errors":[{"message":"no","extensions":{"why":${nested(100_000)}}}]}`;
  const gateway = await start({ any: deep, other: '{"data":{"other":1}}' });
  expect(await firstOf(gateway, 'subscription { any }')).toMatchObject([
    { extensions: { code: 'SUBGRAPH_FAILED' } },
  ]);
  expect(await firstOf(gateway, 'subscription { other }')).toMatchObject({ data: { other: 1 } });
});
