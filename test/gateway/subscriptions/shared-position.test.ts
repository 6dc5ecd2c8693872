import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { UpstreamSocket } from '../../../gateway/subscriptions/upstream/socket.ts';
import { encodeCursor } from '../../../schema/cursor/encode.ts';

const cursorOf = (filterHash: number, position: readonly number[], topicId = 'ticks'): string =>
  encodeCursor({ clusterId: 'c', topicId, position, epochs: [], time: 9, filterHash, snapshotUntil: null });

let server: WebSocketServer;
let upstream: UpstreamSocket;
let subgraph: WebSocket;
const heard: [name: string, cursor: string, snapshot: boolean][] = [];

const sinkOf = (name: string) => ({
  sent: () => undefined,
  next: () => undefined,
  progress: (cursor: string, snapshot: boolean) => heard.push([name, cursor, snapshot]),
  failed: () => undefined,
  completed: () => undefined,
  lost: () => undefined,
});

/** Sends pings, and resolves when they have been read: each is answered. */
const ping = async (...payloads: unknown[]): Promise<void> => {
  let answers = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  subgraph.on('message', (data) => {
    if (String(data) === '{"type":"pong"}' && ++answers === payloads.length) resolve();
  });
  for (const payload of payloads) subgraph.send(JSON.stringify({ type: 'ping', payload }));
  await promise;
};

beforeEach(async () => {
  heard.length = 0;
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const limits = { ackMs: 5_000, pingMs: 5_000, messageBytes: 1_000_000 };
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
  const connected = once(server, 'connection');
  upstream = new UpstreamSocket({ subgraph: 'ticks', url, ...limits });
  [subgraph] = (await connected) as [WebSocket];
  await once(subgraph, 'message');
  subgraph.send(JSON.stringify({ type: 'connection_ack', payload: { tributary: { version: 1 } } }));
});
afterEach(async () => {
  upstream.close();
  server.close();
  await once(server, 'close');
});

const subscribe = (name: string): string => upstream.subscribe({ query: '', variables: {} }, sinkOf(name));

test('S10 one cursor tells the position of many operations, to each with its own filter', async () => {
  const [a, b] = [subscribe('a'), subscribe('b')];
  const operations = [a, b];
  await ping(
    { cursors: { [a]: cursorOf(1, [5]), [b]: cursorOf(2, [5]) }, snapshots: [b] },
    { cursors: {}, positions: [{ cursor: cursorOf(1, [300, 4]), operations }] },
  );
  expect(heard).toEqual([
    ['a', cursorOf(1, [5]), false],
    ['b', cursorOf(2, [5]), true],
    ['a', cursorOf(1, [300, 4]), false],
    ['b', cursorOf(2, [300, 4]), false],
  ]);
});

test('S10 S18 an operation that has not been told where it begins on this socket is none of them', async () => {
  const [a, b] = [subscribe('a'), subscribe('b')];
  await ping(
    { cursors: { [a]: cursorOf(1, [5]) } },
    { positions: [{ cursor: cursorOf(1, [9]), operations: [a, b, 'unknown', 7] }] },
  );
  expect(heard.filter(([name]) => name === 'b')).toEqual([]);
  expect(heard.at(-1)).toEqual(['a', cursorOf(1, [9]), false]);
});

test('positions that cannot be read are left out', async () => {
  const a = subscribe('a');
  const operations = [a];
  const bad = [null, { cursor: 'x', operations }, { cursor: cursorOf(1, [9]) }];
  await ping({ cursors: { [a]: cursorOf(1, [5]) } }, { positions: bad }, { positions: 'none' });
  expect(heard).toEqual([['a', cursorOf(1, [5]), false]]);
});
