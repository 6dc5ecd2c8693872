import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { startGateway } from '../../../gateway/index.ts';
import { encodeCursor } from '../../../schema/cursor/encode.ts';
import { RawClient } from '../support/raw-client.ts';
import { supergraphOf } from '../support/supergraph.ts';

const cursor = encodeCursor({
  clusterId: 'c',
  topicId: 't',
  position: [8],
  epochs: [],
  time: 1,
  filterHash: 1,
  snapshotUntil: null,
});

/** A subgraph that speaks docs/protocol.md and sends `texts` as they are, in place of `$` an operation's id. */
const subgraphOf = async (texts: readonly string[]) => {
  const server = new WebSocketServer({
    port: 0,
    host: '127.0.0.1',
    handleProtocols: () => 'graphql-transport-ws',
  });
  onTestFinished(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  await once(server, 'listening');
  server.on('connection', (socket) =>
    socket.on('message', (data) => {
      const { type, id } = JSON.parse(String(data)) as { type: string; id: string };
      if (type === 'connection_init')
        socket.send('{"type":"connection_ack","payload":{"tributary":{"version":1,"ordered":true}}}');
      if (type !== 'subscribe') return;
      socket.send(JSON.stringify({ type: 'ping', payload: { cursors: { [id]: cursor } } }));
      for (const text of texts) socket.send(text.replace('$', id));
    }),
  );
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
};

const sdl = `
  scalar Long
  type Query { now: Long }
  type Subscription { counted: Counted! }
  type Counted { count: Long! double: Float! }
`;

/** The messages of a client of a gateway over such a subgraph, as they come over the wire. */
const messagesOf = async (texts: readonly string[], count: number): Promise<string[]> => {
  const url = await subgraphOf(texts);
  const supergraphSdl = supergraphOf([{ name: 'counters', url, sdl }]);
  const gateway = await startGateway({ port: 0, log: pino({ level: 'silent' }), supergraphSdl });
  onTestFinished(() => gateway.stop());
  const client = new RawClient(gateway.url.replace('http', 'ws'));
  onTestFinished(() => client.websocket.terminate());
  const came: string[] = [];
  client.websocket.on('message', (data) => came.push(String(data)));
  await client.initialised();
  client.send({
    id: 'c',
    type: 'subscribe',
    payload: { query: 'subscription { counted { count double } }' },
  });
  await client.changed.until(() => came.filter((text) => text.includes('"next"')).length === count);
  return came.filter((text) => text.includes('"next"'));
};

describe('what a client gets', () => {
  const event = (count: string, offset: number): string =>
    `{"id":"$","type":"next","payload":{"data":{"counted":{"count":${count},"double":1.50}},"extensions":{"tributary":{"at":[0,${offset}],"cursor":"${cursor}"}}}}`;
  const numbers = ['9007199254740993', '18446744073709551615', '-12345678901234567890123'];

  test('is what its subgraph sent, to the digit: numbers beyond 2^53 stay what they are', async () => {
    const came = await messagesOf(numbers.map(event), 3);
    expect(came).toEqual(numbers.map((number, offset) => event(number, offset).replace('$', 'c')));
  });

  test('is in order, and exact, also behind an event whose errors the gateway reads', async () => {
    const bad = `{"id":"$","type":"next","payload":{"errors":[{"message":"x","extensions":{"stacktrace":["secret"]}}],"data":null,"extensions":{"tributary":{"at":[0,0],"cursor":"${cursor}"}}}}`;
    const came = await messagesOf([bad, ...numbers.map((number, index) => event(number, index + 1))], 4);
    expect(came[0]).toContain('"errors"');
    expect(came[0]).not.toContain('secret');
    expect(came.slice(1)).toEqual(numbers.map((number, index) => event(number, index + 1).replace('$', 'c')));
  });
});
