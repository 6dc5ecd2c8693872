import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { startGateway } from '../../../gateway/index.ts';
import { encodeEvent } from '../../../gateway/subscriptions/event.ts';
import { passedEntry } from '../../../gateway/subscriptions/pass-through.ts';
import { idOfNext, readUnread } from '../../../gateway/subscriptions/upstream/unread.ts';
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

const stamp = (at: readonly number[] | null = [0, 7]) => ({ at, cursor });
const next = (payload: unknown): string => JSON.stringify({ id: '12', type: 'next', payload });
const read = (text: string) => readUnread(Buffer.from(text));

/** What `JSON.stringify` makes of data and a position. */
const plain = (data: unknown, at: readonly number[] | null = [0, 7]): string =>
  next({ data, extensions: { tributary: stamp(at) } });

describe('an event that is passed on unread', () => {
  test('is the entry that serialising it anew would make', () => {
    const event = read(plain({ a: { text: 'ü"\\\n' } }));
    const entry = event && passedEntry(event);
    expect(entry).toEqual(
      encodeEvent({ data: { a: { text: 'ü"\\\n' } } }, { at: [0, 7], cursor, gap: false }),
    );
    expect(read(plain({ a: 1 }, null))?.stamp).toEqual({ at: null, cursor, gap: false });
    expect(idOfNext(Buffer.from(plain({})))).toBe('12');
  });

  test.each([
    [
      'errors before the data',
      next({ errors: [{ message: 'x' }], data: {}, extensions: { tributary: stamp() } }),
    ],
    [
      'errors behind the data',
      next({ data: {}, errors: [{ message: 'x' }], extensions: { tributary: stamp() } }),
    ],
    ['no data', next({ data: null, extensions: { tributary: stamp() } })],
    [
      'errors between data and another part',
      next({ data: {}, errors: [], more: {}, extensions: { tributary: stamp() } }),
    ],
    ['other extensions', next({ data: {}, extensions: { cost: 1, tributary: stamp() } })],
    ['extensions before the data', next({ extensions: { tributary: stamp() }, data: {} })],
    ['more about the position', next({ data: {}, extensions: { tributary: { ...stamp(), more: 1 } } })],
    ['no position', next({ data: {} })],
    ['a position within the data', next({ data: { extensions: { tributary: stamp() } } })],
    [
      'a position of the message',
      `${next({ data: {} }).slice(0, -1)},"extensions":{"tributary":${JSON.stringify(stamp())}}}`,
    ],
    ['a cursor of others', next({ data: {}, extensions: { tributary: { at: [0, 7], cursor: 'theirs' } } })],
    ['an offset beyond what numbers hold', plain({}).replace('[0,7]', '[0,9007199254740993]')],
    ['lines', plain({ a: 1 }).replace('"a":1', '"a":\n1')],
    ['lines of carriage returns', plain({ a: 1 }).replace('"a":1', '"a":\r1')],
    ['spaces', plain({}).replace('"type":', '"type": ')],
    ['an id that is none of ours', plain({}).replace('"12"', '"\\"12"')],
    ['something behind it', `${plain({})} `],
    ['another type', plain({}).replace('next', 'error')],
    ['nothing', ''],
  ])('has no other form: %s', (_, text) => {
    expect(read(text)).toBeNull();
  });

  test('is what it says, whatever its values and names look like', () => {
    const name = fc.constantFrom(
      'data',
      'errors',
      'extensions',
      'tributary',
      'at',
      'cursor',
      'a',
      '}}}}',
      '"',
    );
    const lookalike = fc.constantFrom(
      plain({}),
      JSON.stringify(stamp()),
      '},"extensions":{"tributary":{"at":',
    );
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom(null, 1, -0.5, true),
        fc.constant(stamp()),
        lookalike,
        fc.string({ unit: 'binary' }),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(name, tie('value'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(name, value, { maxKeys: 4 }), value, fc.boolean(), (payload, data, ours) => {
        const whole = ours ? { ...payload, data, extensions: { tributary: stamp() } } : payload;
        const event = read(next(whole));
        if (event === null) return;
        const { unread, headLength } = event.payload;
        expect(JSON.parse(unread.toString().slice(0, -1))).toEqual(JSON.parse(JSON.stringify(whole)));
        expect(JSON.parse(unread.toString('utf8', headLength).slice(0, -3))).toEqual(stamp());
        expect(whole).not.toHaveProperty('errors', expect.any(Array));
      }),
      { numRuns: 2_000 },
    );
    const samples = fc.sample(fc.dictionary(name, value, { maxKeys: 4 }), 500).map((data) => plain(data));
    for (const text of samples) expect(read(text) === null, text).toBe(text.includes('"errors"'));
  });
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
        socket.send('{"type":"connection_ack","payload":{"tributary":{"version":1}}}');
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
