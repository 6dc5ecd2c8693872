import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { bytesInTurn } from '../../../gateway/subscriptions/upstream/reading-turns.ts';
import { UpstreamSocket } from '../../../gateway/subscriptions/upstream/socket.ts';

const events = 8_000;
const event = `{"id":"1","type":"next","payload":{"data":{"padding":"${'x'.repeat(500)}"}}}`;

/** Sends all that it has as soon as it is asked, as a subgraph whose catch-up is in memory does. */
const startEager = async (): Promise<string> => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  onTestFinished(() => void server.close());
  server.on('connection', (socket) => {
    socket.on('message', (data) => {
      const { type } = JSON.parse(String(data)) as { type: string };
      if (type === 'connection_init') socket.send('{"type":"connection_ack"}');
      if (type !== 'subscribe') return;
      for (let sent = 0; sent < events; sent++) socket.send(event);
      socket.send('{"id":"1","type":"complete"}');
    });
  });
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
};

test('S13 private upstreams are read in turns: what is live waits for a piece of one, and not for all of them', async () => {
  const url = await startEager();
  let inThisTurn = 0;
  let most = 0;
  let counting = true;
  const turn = (): void => {
    most = Math.max(most, inThisTurn);
    inThisTurn = 0;
    if (counting) setImmediate(turn);
  };
  turn();
  const counts = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const { promise, resolve, reject } = Promise.withResolvers<number>();
      let count = 0;
      const socket = new UpstreamSocket({
        subgraph: 'eager',
        url,
        ackMs: 20_000,
        pingMs: 20_000,
        messageBytes: 1024 * 1024,
        inTurns: true,
      });
      const sink = {
        sent: () => undefined,
        next: (_payload: unknown, _stamp: unknown, bytes: number) => {
          count++;
          inThisTurn += bytes;
        },
        progress: () => undefined,
        failed: reject,
        completed: () => resolve(count),
        lost: reject,
      };
      socket.subscribe({ query: 'subscription { events }', variables: {} }, sink);
      return await promise.finally(() => socket.close());
    }),
  );
  counting = false;
  expect(counts).toEqual([events, events, events, events]);
  // Each has its first piece before it knows of the others; without turns it was 4.5 MB.
  expect(most).toBeLessThanOrEqual(5 * bytesInTurn);
}, 60_000);
