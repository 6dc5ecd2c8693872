import { GraphQLError } from 'graphql';
import { afterEach, describe, expect, test } from 'vitest';
import { eventually } from '../support/signal.ts';
import { StreamReader, type StreamRequest } from '../support/stream-reader.ts';
import { startWorld, type World, type WorldOptions } from '../support/world.ts';

const query = 'subscription Live { events { id } }';
/** As Apollo Client sends it with a subscription. */
const accept = 'multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json';

let world: World;
const readers: StreamReader[] = [];
afterEach(async () => {
  for (const reader of readers.splice(0)) reader.close();
  await world.stop();
});

const start = async (options?: WorldOptions): Promise<void> => {
  world = await startWorld(options);
};

const open = (request: StreamRequest = {}): StreamReader => {
  const reader = new StreamReader(world.gateway.url, {
    method: 'POST',
    operation: { query },
    ...request,
    headers: { accept, ...request.headers },
  });
  readers.push(reader);
  return reader;
};

interface Multipart {
  /** Bodies of the parts that are known to be whole. */
  readonly parts: readonly Record<string, unknown>[];
  readonly closed: boolean;
}

/** RFC 2046, section 5.1: a part ends where the next delimiter begins. */
const parse = (text: string): Multipart => {
  const [preamble, ...sections] = text.split('\r\n---');
  if (preamble !== '') throw new Error(`a preamble: ${preamble}`);
  const closed = text.endsWith('\r\n-----\r\n');
  const whole = sections.slice(0, -1).map((section) => {
    const [, head = '', body = ''] = /^\r\n([\s\S]*?)\r\n\r\n([\s\S]*)$/.exec(section) ?? [];
    expect(head.toLowerCase()).toBe('content-type: application/json');
    return JSON.parse(body);
  });
  return { parts: whole, closed };
};

/** Parts that are no heartbeats. */
const payloads = (text: string): readonly Record<string, unknown>[] =>
  parse(text).parts.filter((part) => Object.keys(part).length > 0);

const isLive = (): Promise<void> => eventually(() => world.events.live === 1);

describe("Apollo's subscriptions over multipart", () => {
  test('headers and a heartbeat come before any event', async () => {
    await start();
    await world.events.kill();
    const reader = open();
    const { statusCode, headers } = await reader.headers();
    expect([statusCode, headers['content-type']]).toEqual([
      200,
      'multipart/mixed;boundary="-";subscriptionSpec="1.0"',
    ]);
    expect(parse(await reader.until((text) => text.length > 10))).toEqual({ parts: [{}], closed: false });
  });

  test('S6 each event is a whole part at once, with its cursor; the end closes the body', async () => {
    await start();
    const reader = open();
    await isLive();
    for (let index = 0; index < 3; index += 1) {
      world.events.produce();
      const found = payloads(await reader.until((text) => payloads(text).length === index + 1));
      expect(found.at(-1)).toEqual({
        payload: {
          data: { events: { id: `0-${index}` } },
          extensions: { tributary: { at: [0, index], cursor: world.events.cursorAt([index + 1, 0]) } },
        },
      });
    }
    world.events.complete();
    expect(parse(await reader.end())).toMatchObject({ closed: true });
    expect(payloads(reader.text)).toHaveLength(3);
    await eventually(() => world.gateway.counters.streams === 0);
  });

  test('heartbeats are empty parts; S10 there is no progress', async () => {
    await start({ limits: { heartbeatMs: 20, progressMs: 10 } });
    const reader = open();
    await reader.until((text) => parse(text).parts.length > 3);
    expect(payloads(reader.text)).toEqual([]);
  });

  test('S7 resumes with a cursor, and shares the ring with websockets', async () => {
    await start();
    const other = world.subscribe(query);
    await isLive();
    for (let index = 0; index < 4; index += 1) world.events.produce();
    await other.events(4);
    const cursor = other.cursors[1] ?? '';
    const reader = open({ operation: { query, extensions: { tributary: { cursor } } } });
    await reader.until((text) => payloads(text).length === 2);
    expect(reader.text.match(/"id":"[^"]+"/g)).toEqual(['"id":"0-2"', '"id":"0-3"']);
    expect(world.gateway.counters).toMatchObject({ executions: 4, upstreams: 1, ringJoins: 1 });
  });

  test('an operation that fails is told as an error of the transport', async () => {
    await start();
    world.events.refusals.push(new GraphQLError('no', { extensions: { code: 'CURSOR_EXPIRED' } }));
    const text = await open().end();
    expect(parse(text).closed).toBe(true);
    expect(payloads(text)).toMatchObject([
      { payload: null, errors: [{ extensions: { code: 'CURSOR_EXPIRED' } }] },
    ]);
  });

  test('a wrong document is told as an error of GraphQL', async () => {
    await start();
    const text = await open({ operation: { query: 'subscription { nothing }' } }).end();
    expect(parse(text).closed).toBe(true);
    expect(payloads(text)).toMatchObject([
      { payload: { errors: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }] } },
    ]);
  });

  test('S21 drain is told as an error of the transport that passes by itself', async () => {
    await start();
    const reader = open();
    await isLive();
    world.events.produce();
    await reader.until((text) => payloads(text).length === 1);
    await world.gateway.stop();
    expect(parse(await reader.end()).closed).toBe(true);
    expect(payloads(reader.text).at(-1)).toMatchObject({
      payload: null,
      errors: [{ extensions: { code: 'DRAINING', retryable: true } }],
    });
    expect(reader.broken).toBe(false);
  });

  test('S20 who stops reading is cut off when it falls off the ring', async () => {
    await start({ limits: { ringBytes: 512 * 1024 } });
    const reader = open({ operation: { query: 'subscription { events { id padding } }' } });
    (await reader.headers()).pause();
    await isLive();
    // Behind its first event it has joined; who falls off before that starts over instead.
    world.events.produce(0, {});
    await eventually(() => world.gateway.counters.deliveries > 0);
    const padding = 'x'.repeat(50_000);
    let produced = 1;
    while (world.gateway.counters.slowClients === 0) {
      for (let index = 0; index < 5; index += 1) world.events.produce(0, { padding });
      produced += 5;
      // Once the only client is cut off, its operation ends, and what was produced last is executed for nobody.
      await eventually(
        () => world.gateway.counters.slowClients > 0 || world.gateway.counters.executions === produced,
      );
    }
    await eventually(() => world.gateway.counters.streams === 0);
  });

  test('queries are answered as JSON', async () => {
    await start();
    const reader = open({ operation: { query: '{ item(id: 7) { name } }' } });
    expect((await reader.headers()).headers['content-type']).toMatch(/^application\/json/);
    expect(JSON.parse(await reader.end())).toEqual({ data: { item: { name: 'item 7' } } });
  });

  test('S29 a foreign origin is refused', async () => {
    await start();
    const reader = open({ headers: { origin: 'https://evil.example' } });
    expect((await reader.headers()).statusCode).toBe(403);
  });
});
