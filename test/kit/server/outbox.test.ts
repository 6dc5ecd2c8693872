import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { Outbox } from '../../../subgraphs/kit/server/outbox.ts';

let http: Server;
let client: WebSocket;
let socket: WebSocket;
let raw: Duplex;
let outbox: Outbox;

beforeEach(async () => {
  const server = new WebSocketServer({ noServer: true });
  http = createServer().listen(0, '127.0.0.1');
  await once(http, 'listening');
  const connected = new Promise<void>((resolve) => {
    http.on('upgrade', (request, connection, head) =>
      server.handleUpgrade(request, connection, head, (websocket) => {
        [socket, raw] = [websocket, connection];
        resolve();
      }),
    );
  });
  client = new WebSocket(`ws://127.0.0.1:${(http.address() as AddressInfo).port}`);
  await Promise.all([connected, once(client, 'open')]);
  outbox = new Outbox(socket, raw);
});
afterEach(async () => {
  client.terminate();
  http.close();
  await once(http, 'close');
});

const received = (count: number): Promise<string[]> => {
  const texts: string[] = [];
  const { promise, resolve } = Promise.withResolvers<string[]>();
  client.on('message', (data) => {
    if (texts.push(String(data)) === count) resolve(texts);
  });
  return promise;
};

test('messages of a turn leave in one write, whole and in order, whatever their size and script', async () => {
  const texts = ['', 'a', 'é'.repeat(62), 'x'.repeat(125), 'x'.repeat(126), '→'.repeat(5_000), 'z'];
  const written: number[] = [];
  const write = raw.write.bind(raw);
  raw.write = (chunk: Buffer) => {
    written.push(chunk.length);
    return write(chunk);
  };
  const all = received(texts.length);
  for (const text of texts) await outbox.send(text);
  expect(written).toEqual([]);
  expect(await all).toEqual(texts);
  expect(written).toHaveLength(1);
});

test('frames of ws itself fall between messages', async () => {
  const all = received(3);
  const pinged = once(client, 'ping');
  void outbox.send('x'.repeat(70_000));
  void outbox.send('b');
  socket.ping();
  void outbox.send('c');
  expect((await all).map((text) => text.length)).toEqual([70_000, 1, 1]);
  await pinged;
});

test('a client that does not read is waited for, and what it gets is whole', async () => {
  client.pause();
  let sent = 0;
  while (outbox.isWritable) {
    void outbox.send(String(sent++).padEnd(20_000));
    await new Promise(setImmediate);
  }
  const waiting = outbox.send(String(sent++));
  let drained = false;
  void waiting.then(() => {
    drained = true;
  });
  await new Promise(setImmediate);
  expect([drained, outbox.isWritable]).toEqual([false, false]);
  const all = received(sent);
  client.resume();
  expect((await all).map((text) => Number(text))).toEqual(Array.from({ length: sent }, (_, index) => index));
  await waiting;
  expect(outbox.isWritable).toBe(true);
});

test('a close goes behind what was sent, and nothing behind the close', async () => {
  const texts: string[] = [];
  client.on('message', (data) => texts.push(String(data)));
  const closed = once(client, 'close');
  void outbox.send('last');
  outbox.close(1012, 'Service restart');
  await outbox.send('too late');
  const [code, reason] = await closed;
  expect([texts, code, String(reason)]).toEqual([['last'], 1012, 'Service restart']);
});

test('who waits for a client that goes is let go', async () => {
  client.pause();
  while (outbox.isWritable) {
    void outbox.send('x'.repeat(20_000));
    await new Promise(setImmediate);
  }
  const waiting = outbox.send('x');
  client.terminate();
  await waiting;
  await outbox.send('nobody');
  expect(outbox.isWritable).toBe(false);
});
