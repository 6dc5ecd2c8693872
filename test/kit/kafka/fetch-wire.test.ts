import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { FetchWire } from '../../../subgraphs/kit/kafka/fetch-wire.ts';

const open: { close(): void }[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

/** A broker as far as bytes go: what a broker does is tested against one, in read.test.ts. */
const listening = async (heard: (request: Buffer, socket: Socket) => void) => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('data', (request) => heard(request, socket));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push({
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  });
  const { port } = server.address() as AddressInfo;
  return { broker: { host: '127.0.0.1', port }, sockets };
};

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};

const message = (request: Buffer, body: Buffer): Buffer =>
  Buffer.concat([int32(4 + body.length), request.subarray(8, 12), body]);

/** No error, and one request that it knows: fetches, of versions 4 to `newest`. */
const versions = (request: Buffer, newest: number): Buffer =>
  message(request, Buffer.from([0, 0, 0, 0, 0, 1, 0, 1, 0, 4, 0, newest]));

/** No tags, not throttled, an error code, no session, no topics, no tags. */
const answer = (request: Buffer, errorCode: number): Buffer =>
  message(request, Buffer.from([0, 0, 0, 0, 0, 0, errorCode, 0, 0, 0, 0, 1, 0]));

const isFetch = (request: Buffer): boolean => request.readInt16BE(4) === 1;

const asked = { maxWaitMs: 250, maxBytes: 1, topicId: 'AAAAAAAAAAAAAAAAAAAAAA', partitions: [] };

const wireOf = (): FetchWire => {
  const wire = new FetchWire({ clientId: 'test' });
  open.push(wire);
  return wire;
};

test('answers that come byte by byte are put together', async () => {
  const { broker } = await listening((request, socket) => {
    socket.setNoDelay(true);
    for (const byte of isFetch(request) ? answer(request, 6) : versions(request, 17))
      socket.write(Buffer.from([byte]));
  });
  const wire = wireOf();
  expect(await wire.fetch(1, broker, asked)).toEqual({ errorCode: 6, responses: [] });
  expect(await wire.fetch(1, broker, asked)).toEqual({ errorCode: 6, responses: [] });
});

test('the newest version that both know is asked, and an older broker than 3.1 is refused with the reason', async () => {
  let newest = 15;
  const fetches: number[] = [];
  const { broker, sockets } = await listening((request, socket) => {
    if (isFetch(request)) fetches.push(request.readInt16BE(6));
    socket.write(isFetch(request) ? answer(request, 0) : versions(request, newest));
  });
  const wire = wireOf();
  await wire.fetch(1, broker, asked);
  newest = 99;
  await wire.fetch(2, broker, asked);
  expect(fetches).toEqual([15, 17]);
  // Two nodes behind one address have a connection each: fetches that are held open would wait for each other.
  expect(sockets.size).toBe(2);
  newest = 12;
  await expect(wire.fetch(3, broker, asked)).rejects.toThrow('older than Kafka 3.1');
});

test('a connection that breaks rejects the fetch, and the next one gets a new one', async () => {
  let breaks = true;
  const { broker } = await listening((request, socket) => {
    if (isFetch(request) && breaks) socket.destroy();
    else socket.write(isFetch(request) ? answer(request, 0) : versions(request, 17));
  });
  const wire = wireOf();
  await expect(wire.fetch(1, broker, asked)).rejects.toThrow(`Broker 127.0.0.1:${broker.port}`);
  breaks = false;
  // The socket's end is told behind the rejection.
  await expect.poll(() => wire.fetch(1, broker, asked).catch(() => null)).toMatchObject({ errorCode: 0 });
});

test('close() rejects what is in flight, and all that is asked after it', async () => {
  const arrived = Promise.withResolvers<void>();
  const { broker } = await listening((request, socket) => {
    if (isFetch(request)) arrived.resolve();
    else socket.write(versions(request, 17));
  });
  const wire = wireOf();
  const fetching = wire.fetch(1, broker, asked);
  await arrived.promise;
  wire.close();
  await expect(fetching).rejects.toThrow('The connection was closed.');
  await expect(wire.fetch(1, broker, asked)).rejects.toThrow('The connection was closed.');
});

test.each([
  ['what TLS says', Buffer.from([0x15, 3, 3, 0, 2, 2, 40]), 'does the broker want TLS?'],
  ['an answer to another question', Buffer.from([0, 0, 0, 4, 9, 9, 9, 9]), 'what it was not asked'],
])('%s ends the connection with the reason', async (_what, bytes, reason) => {
  const { broker } = await listening((_request, socket) => socket.write(bytes));
  await expect(wireOf().fetch(1, broker, asked)).rejects.toThrow(reason);
});
