import { GraphQLError } from 'graphql';
import { describe, expect, test } from 'vitest';
import { eventually } from '../support/signal.ts';
import type { StreamRequest } from '../support/stream-reader.ts';
import { query, Streams } from '../support/streams.ts';
import type { Received } from '../support/subscription.ts';
import { startWorld } from '../support/world.ts';

const filtered = 'subscription Live($topic: String) { events(topic: $topic) { id } }';
const streams = new Streams();

describe('a stream of server-sent events', () => {
  test('headers and a first line come before any event, whether or not the subgraph answers', async () => {
    await streams.start();
    await streams.world.events.kill();
    const reader = streams.open({});
    const { statusCode, headers } = await reader.headers();
    expect(statusCode).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    });
    expect(headers['content-encoding']).toBeUndefined();
    expect(await reader.until((text) => text.endsWith('\n\n'))).toMatch(/^:\nretry: \d+\n\n$/);
  });

  test('S6 an event has its cursor as id; two clients share one execution', async () => {
    await streams.start();
    const readers = [streams.open({}), streams.open({ method: 'POST' })];
    await eventually(() => streams.world.gateway.counters.subscribers === 2);
    await streams.isLive();
    streams.world.events.produce(1);
    for (const reader of readers) {
      const text = await reader.until((read) => read.includes('data: '));
      const [, id, data] = /event: next\nid: (\S+)\ndata: (.+)\n\n/.exec(text) ?? [];
      expect(id).toBe(streams.world.events.cursorAt([0, 1]));
      expect(JSON.parse(data ?? '')).toEqual({
        data: { events: { id: '1-0', padding: '' } },
        extensions: { tributary: { at: [1, 0], cursor: id } },
      });
    }
    expect(streams.world.gateway.counters).toMatchObject({
      executions: 1,
      deliveries: 2,
      streams: 2,
      upstreams: 1,
    });
    for (const reader of readers) reader.close();
    await eventually(() => streams.world.gateway.counters.streams === 0);
    expect(streams.world.gateway.counters).toMatchObject({ subscribers: 0, upstreams: 0 });
  });

  test('S10 progress is an id without data', async () => {
    await streams.start({ limits: { progressMs: 20 } });
    const reader = streams.open({ operation: { query: filtered, variables: { topic: 'a' } } });
    const begin = await reader.until((text) => text.includes('id: '));
    expect(begin).toContain(`id: ${streams.world.events.cursorAt([0, 0])}\n\n`);
    streams.world.events.produce(0, { topic: 'b' });
    streams.world.events.produce(1, { topic: 'b' });
    const moved = `id: ${streams.world.events.cursorAt([1, 1])}\n\n`;
    await eventually(() => {
      streams.world.events.progress();
      return reader.text.includes(moved);
    });
    expect(reader.text).not.toContain('data');
  });

  test('heartbeats are comments', async () => {
    await streams.start({ limits: { heartbeatMs: 20 } });
    const reader = streams.open({});
    await reader.until((text) => (text.match(/^:\n\n/gm)?.length ?? 0) >= 3);
  });

  test('large events arrive whole, and those that wait leave together', async () => {
    await streams.start();
    const reader = streams.open({});
    await streams.isLive();
    const sizes = [0, 65_000, 300_000, 1_000_000, 5];
    for (const size of sizes) streams.world.events.produce(0, { padding: 'ä'.repeat(size) });
    const text = await reader.until(
      (read) => read.split('\n\n').filter((part) => part.includes('data: ')).length === 5,
    );
    const lengths = [...text.matchAll(/^data: (.+)$/gm)].map(
      ([, data]) => (JSON.parse(data ?? '') as Received).data?.events?.padding?.length,
    );
    expect(lengths).toEqual(sizes);
  });

  test('S20 who stops reading delays nobody, and is cut off when it falls off the ring', async () => {
    await streams.start({ limits: { ringBytes: 512 * 1024 } });
    const slow = streams.open({});
    (await slow.headers()).pause();
    const healthy = streams.world.subscribe(query);
    await eventually(() => streams.world.gateway.counters.subscribers === 2);
    await streams.isLive();
    const padding = 'x'.repeat(50_000);
    let produced = 0;
    while (streams.world.gateway.counters.slowClients === 0) {
      for (let index = 0; index < 5; index += 1) streams.world.events.produce(0, { padding });
      produced += 5;
      await healthy.events(produced);
    }
    expect(healthy.ids).toHaveLength(produced);
    await eventually(() => streams.world.gateway.counters.streams === 0);
    expect(streams.world.gateway.counters.subscribers).toBe(1);
    slow.response.resume();
    expect(await slow.end()).not.toContain('complete');
  });

  test('S20 who leaves a batch for five heartbeats is cut off though no event follows', async () => {
    await streams.start({ limits: { heartbeatMs: 30, ringBytes: 64 * 1024 * 1024 } });
    const slow = streams.open({});
    (await slow.headers()).pause();
    await streams.isLive();
    // More than the kernel takes for a client, less than the ring.
    for (let index = 0; index < 24; index += 1)
      streams.world.events.produce(0, { padding: 'x'.repeat(1_000_000) });
    await eventually(() => streams.world.gateway.counters.slowClients === 1);
    await eventually(() => streams.world.gateway.counters.streams === 0);
  });
});

describe('an EventSource', () => {
  test('S7 resumes by itself after each cut: nothing lost, nothing twice', async () => {
    await streams.start();
    const proxy = await streams.through();
    const client = streams.eventSource(proxy.through(streams.world.gateway.url));
    // Cut before there was any event: it comes back with the id of the beginning.
    await eventually(() => proxy.downstream.includes('\nid: '));
    for (let round = 0; round < 4; round += 1) {
      await client.changed.until(() => client.opened === round + 1);
      await eventually(() => streams.world.gateway.counters.streams === 1);
      proxy.cut();
      for (let index = 0; index < 25; index += 1) streams.world.events.produce(index % 2);
    }
    await client.changed.until(() => client.received.length >= 100);
    expect([...client.events].sort()).toEqual(streams.world.events.idsFrom([0, 0]).sort());
    for (const partition of [0, 1]) {
      const offsets = client.received
        .flatMap(({ extensions }) => (extensions?.tributary?.at ? [extensions.tributary.at] : []))
        .filter(([of]) => of === partition)
        .map(([, offset]) => offset);
      expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
    }
    expect(proxy.connections).toBe(5);
  });

  test('S10 comes back to where progress without an event has brought it', async () => {
    await streams.start({ limits: { progressMs: 20 } });
    const proxy = await streams.through();
    const client = streams.eventSource(proxy.through(streams.world.gateway.url), {
      query: filtered,
      variables: { topic: 'a' },
    });
    await streams.isLive();
    streams.world.events.produce(0, { topic: 'b' });
    const moved = streams.world.events.cursorAt([1, 0]);
    await eventually(() => {
      streams.world.events.progress();
      return proxy.downstream.includes(moved);
    });
    // Nobody keeps the operation, and its ring, so the cursor that comes back shows at the subgraph.
    proxy.cut();
    await eventually(() => streams.world.gateway.counters.operations === 0);
    const id = streams.world.events.produce(1, { topic: 'a' });
    await client.changed.until(() => client.received.length === 1);
    expect(client.events).toEqual([id]);
    const cursors = streams.world.events.received
      .map(({ tributary }) => tributary.cursor)
      .filter((cursor) => cursor !== undefined);
    expect(cursors).toEqual([moved]);
  });

  test('S21 the terminal event marks the end: the request that follows is answered with 204, and it asks no more', async () => {
    await streams.start();
    const proxy = await streams.through();
    const client = streams.eventSource(proxy.through(streams.world.gateway.url));
    await streams.isLive();
    await eventually(() => client.opened === 1);
    streams.world.events.complete();
    await client.changed.until(() => client.completed === 1);
    await client.changed.until(() => client.closed);
    const after = streams.open({ headers: { 'last-event-id': 'end' } });
    expect((await after.headers()).statusCode).toBe(204);
    expect(streams.world.gateway.counters).toMatchObject({ streams: 0, subscribers: 0 });
  });

  test('S21 drain ends the stream, not the EventSource: it goes on at the next gateway', async () => {
    await streams.start();
    const proxy = await streams.through();
    const client = streams.eventSource(proxy.through(streams.world.gateway.url));
    await streams.isLive();
    streams.world.events.produce();
    await client.changed.until(() => client.received.length === 1);
    await streams.world.gateway.stop();
    expect([client.completed, client.closed]).toEqual([0, false]);
    streams.world.events.produce();
    const next = await startWorld();
    streams.onEnd(() => next.stop());
    for (let index = 0; index < 2; index += 1) next.events.produce();
    proxy.target = next.gateway.port;
    await client.changed.until(() => client.received.length === 2);
    expect(client.events).toEqual(['0-0', '0-1']);
  });

  test('S7 the id that it comes back with goes before the cursor that its URL has had from the beginning', async () => {
    await streams.start();
    for (let index = 0; index < 6; index += 1) streams.world.events.produce();
    const extensions = { tributary: { cursor: streams.world.events.cursorAt([2, 0]) } };
    const first = streams.open({ operation: { query, extensions } });
    const told = await first.until((text) => text.includes('"0-5"'));
    expect(told.match(/"id":"[^"]+"/g)).toEqual(['"id":"0-2"', '"id":"0-3"', '"id":"0-4"', '"id":"0-5"']);
    const headers = { 'last-event-id': streams.world.events.cursorAt([4, 0]) };
    const again = streams.open({ operation: { query, extensions }, headers });
    expect((await again.until((text) => text.includes('"0-5"'))).match(/"id":"[^"]+"/g)).toEqual([
      '"id":"0-4"',
      '"id":"0-5"',
    ]);
    const from = 'subscription { events(from: "EARLIEST") { id } }';
    const later = streams.open({
      operation: { query: from },
      headers: { 'last-event-id': streams.world.events.cursorAt([5, 0]) },
    });
    expect((await later.until((text) => text.includes('"0-5"'))).match(/"id":"[^"]+"/g)).toEqual([
      '"id":"0-5"',
    ]);
  });
});

describe('errors of a stream', () => {
  const terminal = /event: complete\nid: end\ndata:\n\n$/;

  test('a request that is no GraphQL is answered with 400', async () => {
    await streams.start();
    for (const request of [
      { operation: {} },
      { operation: { query, variables: '{' } },
      { operation: { query, variables: '[]' } },
      { method: 'POST', operation: { query: 7 } },
      { method: 'POST', headers: { 'content-type': 'text/plain' } },
    ] satisfies StreamRequest[]) {
      const reader = streams.open(request);
      expect((await reader.headers()).statusCode).toBe(400);
      expect(await reader.end()).toContain('BAD_REQUEST');
    }
  });

  test.each<[string, StreamRequest, string]>([
    ['an unknown field', { operation: { query: 'subscription { nothing }' } }, 'GRAPHQL_VALIDATION_FAILED'],
    ['a damaged id', { headers: { 'last-event-id': 'nonsense' } }, 'CURSOR_INVALID'],
  ])('S21 %s is told as an event, and the end marked', async (_name, request, code) => {
    await streams.start();
    const text = await streams.open(request).end();
    expect(text).toContain(`"code":"${code}"`);
    expect(text).toMatch(terminal);
    expect(streams.world.gateway.counters).toMatchObject({ streams: 0, subscribers: 0 });
  });

  test('S21 an operation that fails tells it, and marks the end', async () => {
    await streams.start();
    streams.world.events.refusals.push(new GraphQLError('no', { extensions: { code: 'CURSOR_EXPIRED' } }));
    const text = await streams.open({}).end();
    expect(text).toContain('CURSOR_EXPIRED');
    expect(text).toMatch(terminal);
  });

  test('S21 what may go well later is no end for who comes back by itself', async () => {
    await streams.start({ limits: { upstreamStartMs: 200 } });
    await streams.world.events.kill();
    const byGet = await streams.open({}).end();
    expect(byGet).toContain('"code":"SUBGRAPH_UNAVAILABLE"');
    expect(byGet).not.toContain('complete');
    const byPost = await streams.open({ method: 'POST' }).end();
    expect(byPost).toContain('"code":"SUBGRAPH_UNAVAILABLE"');
    expect(byPost).toMatch(terminal);
  });
});

describe('who may open a stream', () => {
  test('S29 no page of a foreign origin, and none that does without the answer', async () => {
    await streams.start({ origins: ['https://board.example'] });
    for (const headers of [{ origin: 'https://evil.example' }, { 'sec-fetch-mode': 'no-cors' }]) {
      const reader = streams.open({ headers });
      expect((await reader.headers()).statusCode).toBe(403);
      expect(await reader.end()).toContain('FORBIDDEN_ORIGIN');
    }
    const known = streams.open({ headers: { origin: 'https://board.example', 'sec-fetch-mode': 'cors' } });
    expect((await known.headers()).headers['access-control-allow-origin']).toBe('https://board.example');
    expect((await streams.open({ headers: { host: 'rebound.example' } }).headers()).statusCode).toBe(403);
  });

  test('S29 streams are bounded, of an address and of the process; a place that was left is free', async () => {
    await streams.start({ limits: { streamsPerAddress: 1 } });
    const first = streams.open({});
    await first.headers();
    const byPost = streams.open({ method: 'POST' });
    expect((await byPost.headers()).statusCode).toBe(429);
    expect(await byPost.end()).toContain('TOO_MANY_OPERATIONS');
    // An EventSource gives up on 429 for good.
    const byGet = streams.open({});
    expect((await byGet.headers()).statusCode).toBe(200);
    expect(await byGet.end()).toMatch(/^:\nretry: \d+\n\n$/);
    expect(streams.world.gateway.counters).toMatchObject({ streams: 1, streamsRefused: 2 });
    first.close();
    await eventually(() => streams.world.gateway.counters.streams === 0);
    expect((await streams.open({ method: 'POST' }).headers()).statusCode).toBe(200);
  });

  test('S29 the process has a bound of its own', async () => {
    await streams.start({ limits: { streams: 1 } });
    await streams.open({}).headers();
    expect((await streams.open({ method: 'POST' }).headers()).statusCode).toBe(429);
  });
});

describe('queries', () => {
  const everything =
    'application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed';

  test('stay JSON for a client that takes that too, as urql does; its subscriptions are streamed', async () => {
    await streams.start();
    const headers = { accept: everything };
    const asked = streams.open({ method: 'POST', headers, operation: { query: '{ item(id: 7) { name } }' } });
    expect((await asked.headers()).headers['content-type']).toMatch(/^application\/graphql-response\+json/);
    expect(JSON.parse(await asked.end())).toEqual({ data: { item: { name: 'item 7' } } });
    const wrong = streams.open({ method: 'POST', headers, operation: { query: '{ nothing }' } });
    expect((await wrong.headers()).statusCode).toBe(400);
    const streamed = streams.open({ method: 'POST', headers });
    expect((await streamed.headers()).headers['content-type']).toBe('text/event-stream; charset=utf-8');
  });

  test('are not executed by a GET that asks for a stream', async () => {
    await streams.start();
    const reader = streams.open({ operation: { query: '{ item(id: 7) { name } }' } });
    expect((await reader.headers()).statusCode).toBeGreaterThanOrEqual(400);
    expect(streams.world.items.queries).toEqual([]);
  });
});
