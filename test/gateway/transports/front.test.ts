import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { wireBody } from '../../../gateway/transports/query/answer.ts';
import { Front } from '../../../gateway/transports/query/front.ts';

/** What Node got, in its order, and what was answered before it. */
const byNode: string[] = [];
const byFront: string[] = [];
/** Behind each answer. */
let long = '';
let held: PromiseWithResolvers<void> | null = null;
let server: Server;
let front: Front;
const sockets: Socket[] = [];

/** Bodies that begin with `plain` are answered before Node; `held` ones when the test says so. */
const start = async (options: { requestMs?: number; keepAliveMs?: number } = {}): Promise<void> => {
  front = new Front({
    requestMs: 10_000,
    keepAliveMs: 10_000,
    ...options,
    serve: ({ body }) => {
      const text = String(body);
      if (!text.startsWith('plain')) return null;
      byFront.push(text);
      const reply = { status: 200, headers: { 'x-by': 'front' }, body: wireBody(`front:${text}${long}`) };
      return (text.includes('held') && held !== null ? held.promise : Promise.resolve()).then(() => reply);
    },
  });
  server = front.standBefore(
    createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += String(chunk);
      });
      request.on('end', () => {
        byNode.push(body);
        response.end(`node:${body}`);
      });
    }),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
};

beforeEach(() => {
  byNode.length = 0;
  byFront.length = 0;
  held = null;
  long = '';
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  front.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const client = () => {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  sockets.push(socket);
  let text = '';
  let changed = Promise.withResolvers<void>();
  socket.on('data', (bytes) => {
    text += String(bytes);
    changed.resolve();
  });
  return {
    socket,
    /** Everything that came, as soon as it ends so. */
    until: async (end: string): Promise<string> => {
      while (!text.endsWith(end)) {
        changed = Promise.withResolvers();
        await changed.promise;
      }
      return text;
    },
  };
};
const post = (body: string): string =>
  `POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

test('plain requests of a connection never come to Node', async () => {
  await start();
  const { socket, until } = client();
  for (const body of ['plain 1', 'plain Zürich', 'plain 3']) {
    socket.write(post(body));
    await until(`front:${body}`);
  }
  const text = await until('plain 3');
  expect(text.replaceAll(/Date: .{29}/g, 'Date: -')).toContain(
    'HTTP/1.1 200 OK\r\nx-by: front\r\ncontent-length: 13\r\nDate: -\r\nConnection: keep-alive\r\nKeep-Alive: timeout=10\r\n\r\nfront:plain 1HTTP/1.1',
  );
  expect(byNode).toEqual([]);
});

test("the first that is not plain, and all behind it, are Node's", async () => {
  await start();
  const { socket, until } = client();
  socket.write(post('plain 1'));
  await until('front:plain 1');
  socket.write(post('other'));
  await until('node:other');
  socket.write(post('plain 2'));
  await until('node:plain 2');
  expect(byNode).toEqual(['other', 'plain 2']);
});

/** A connection that the server has, and what writes to it so that it is a read of its own there. */
const accepted = async () => {
  const came = once(server, 'connection');
  const { socket, until } = client();
  const [atServer] = (await came) as [Socket];
  const write = async (text: string): Promise<void> => {
    const read = once(atServer, 'data');
    socket.write(text);
    await read;
  };
  return { write, until };
};

test.each([1, 20, 65])("a request in two pieces, cut at %i, is Node's, whole", async (at) => {
  await start();
  const { write, until } = await accepted();
  const text = post('plain 1');
  await write(text.slice(0, at));
  await write(text.slice(at));
  await until('node:plain 1');
});

test('requests that come while one runs are answered behind it, in their order', async () => {
  await start();
  held = Promise.withResolvers();
  const { write, until } = await accepted();
  await write(post('plain held'));
  await write(post('plain 2'));
  held.resolve();
  await until('front:plain 2');
  held = Promise.withResolvers();
  await write(post('plain held'));
  await write(post('plain 3') + post('other'));
  held.resolve();
  const text = await until('node:other');
  expect(text.match(/(front|node):(plain (held|\d)|other)/g)).toEqual([
    'front:plain held',
    'front:plain 2',
    'front:plain held',
    'node:plain 3',
    'node:other',
  ]);
});

test('many answers to a client that does not read are held back, and none is lost', async () => {
  await start();
  const { socket } = client();
  socket.pause();
  const body = `plain ${'x'.repeat(60_000)}`;
  const count = 100;
  for (let number = 0; number < count; number++) {
    if (!socket.write(post(body))) await new Promise((resolve) => setImmediate(resolve));
  }
  let bytes = 0;
  socket.on('data', (chunk) => {
    bytes += chunk.length;
  });
  socket.resume();
  while (bytes < count * body.length) await once(socket, 'data');
});

test('a connection that asks nothing is closed, and one that is idle behind an answer', async () => {
  await start({ requestMs: 50 });
  await once(client().socket, 'close');
  await start({ keepAliveMs: 1 });
  const { socket, until } = client();
  socket.write(post('plain 1'));
  await until('front:plain 1');
  await once(socket, 'close');
});

test('over waits for what runs; close ends what is idle, but not what Node has', async () => {
  await start();
  held = Promise.withResolvers();
  const [busy, idle, ofNode] = [client(), client(), client()];
  busy.socket.write(post('plain held'));
  idle.socket.write(post('plain 1'));
  ofNode.socket.write(post('other'));
  await Promise.all([idle.until('front:plain 1'), ofNode.until('node:other')]);
  let over = false;
  const waited = front.over().then(() => {
    over = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(over).toBe(false);
  held.resolve();
  await waited;
  await busy.until('front:plain held');
  front.close();
  await Promise.all([once(busy.socket, 'close'), once(idle.socket, 'close')]);
  ofNode.socket.write(post('more'));
  await ofNode.until('node:more');
});

test('a client that closes its half behind its requests gets all answers, and then the end', async () => {
  await start();
  held = Promise.withResolvers();
  const { socket, until } = client();
  socket.write(post('plain held'));
  await expect.poll(() => byFront).toEqual(['plain held']);
  socket.end(post('plain 2'));
  const closed = once(socket, 'close');
  setImmediate(() => held?.resolve());
  await until('front:plain 2');
  await closed;

  held = Promise.withResolvers();
  const single = client();
  single.socket.end(post('plain held'));
  const ended = once(single.socket, 'close');
  await once(single.socket, 'finish');
  setImmediate(() => held?.resolve());
  await single.until('front:plain held');
  await ended;
});

test('a client that leaves in the middle of a request does no harm', async () => {
  await start();
  held = Promise.withResolvers();
  const { socket } = client();
  socket.write(post('plain held'));
  await new Promise((resolve) => setImmediate(resolve));
  socket.resetAndDestroy();
  const next = client();
  next.socket.write(post('plain 1'));
  await next.until('front:plain 1');
  held.resolve();
  await front.over();
});

test('over waits until an answer has left, however slowly its client reads', async () => {
  await start();
  const { socket } = client();
  socket.pause();
  // More than the system takes from one side before the other reads.
  const body = `plain ${'x'.repeat(20_000)}`;
  const came = once(server, 'connection');
  const [atServer] = (await came) as [Socket];
  long = 'y'.repeat(32 * 1024 * 1024);
  socket.write(post(body));
  await expect.poll(() => atServer.writableLength).toBeGreaterThan(0);
  let over = false;
  const waited = front.over().then(() => {
    over = true;
    front.close();
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(over).toBe(false);
  let bytes = 0;
  socket.on('data', (chunk) => {
    bytes += chunk.length;
  });
  socket.resume();
  await Promise.all([waited, once(socket, 'close')]);
  expect(bytes).toBeGreaterThan(long.length);
});

test('over waits for requests that came early, too', async () => {
  await start();
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  held = first;
  const { write, until } = await accepted();
  await write(post('plain held 1'));
  await write(post('plain held 2'));
  const over = front.over().then(() => front.close());
  held = second;
  first.resolve();
  await expect.poll(() => byFront).toHaveLength(2);
  // Time for `over` to be mistaken.
  await new Promise((resolve) => setImmediate(resolve));
  second.resolve();
  await over;
  await until('front:plain held 2');
});

test('a request that fails against all agreements ends its connection, not the process', async () => {
  await start();
  held = Promise.withResolvers();
  const { socket } = client();
  socket.write(post('plain held'));
  await expect.poll(() => byFront).toEqual(['plain held']);
  held.reject(new Error('a fault'));
  await once(socket, 'close');
});
