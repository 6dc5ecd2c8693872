import { once } from 'node:events';
import { type Client, type ClientOptions, createClient, type SubscribePayload } from 'graphql-ws';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type Hooks, resumable } from '../../client/index.ts';
import { Signal } from '../gateway/support/signal.ts';
import { type Heard, Wire } from './wire.ts';

let wire: Wire;
const clients: Client[] = [];

beforeEach(async () => {
  wire = new Wire();
  await once(wire.server, 'listening');
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.dispose()));
  wire.stop();
});

const at = (cursor: string) => ({ tributary: { cursor } });
const query = 'subscription { events }';
const immediately = (): Promise<void> => Promise.resolve();

const connect = (options: Partial<ClientOptions> = {}, hooks?: Hooks): Client => {
  const client = createClient(resumable({ url: wire.url, retryWait: immediately, ...options }, hooks));
  clients.push(client);
  return client;
};

class Followed {
  readonly events: unknown[] = [];
  readonly changed = new Signal();
  failure: unknown = null;
  completed = false;
  readonly leave: () => void;

  constructor(client: Client, payload: SubscribePayload = { query }) {
    this.leave = client.subscribe(payload, {
      next: ({ data }) => {
        this.events.push(data);
        this.changed.fire();
      },
      error: (error) => {
        this.failure = error;
        this.changed.fire();
      },
      complete: () => {
        this.completed = true;
        this.changed.fire();
      },
    });
  }

  async until(count: number): Promise<unknown[]> {
    await this.changed.until(() => this.events.length >= count || this.failure !== null);
    return this.events;
  }

  async end(): Promise<unknown> {
    await this.changed.until(() => this.failure !== null || this.completed);
    return this.failure;
  }
}

// In browsers, and in Node without one being given, it is the global class; `ws` is another one, made alike.
describe.each([
  ['the global WebSocket', {}],
  ['ws', { webSocketImpl: WebSocket }],
])('a graphql-ws client over %s', (_name, given) => {
  test('S7 goes on after the last event when the connection is lost, by the same payload but for the cursor', async () => {
    const followed = new Followed(connect(given), {
      query,
      variables: { a: 1 },
      extensions: { other: 1, tributary: { cursor: 'c0', theirs: true } },
    });
    const first = await wire.subscription(0);
    expect(first.payload.extensions).toEqual({ other: 1, tributary: { cursor: 'c0', theirs: true } });
    first.next(1, 'c1');
    first.next(2, 'c2');
    await followed.until(2);
    first.socket.terminate();
    const second = await wire.subscription(1);
    expect(second.payload).toEqual({
      query,
      variables: { a: 1 },
      extensions: { other: 1, tributary: { cursor: 'c2', theirs: true } },
    });
    second.next(3, 'c3');
    expect(await followed.until(3)).toEqual([1, 2, 3]);
    second.socket.close(1012);
    expect((await wire.subscription(2)).payload.extensions?.tributary?.cursor).toBe('c3');
  });

  test('S7 goes on there too when connections between were closed as soon as they were acknowledged', async () => {
    const client = connect(given);
    const [followed, other] = [new Followed(client), new Followed(client, { query: `${query} # other` })];
    const [first, second] = [await wire.subscription(0), await wire.subscription(1)];
    first.next(1, 'c1');
    second.next(2, 'o2');
    await Promise.all([followed.until(1), other.until(1)]);
    wire.drained = 3;
    first.socket.close(1012);
    await wire.message('connection_init', 4);
    const sent = (): Heard[] =>
      wire.heard.filter(({ type, socket }) => type === 'subscribe' && socket.readyState === socket.OPEN);
    await wire.changed.until(() => sent().length === 2);
    expect(Object.fromEntries(sent().map(({ payload }) => [payload.query, payload.extensions]))).toEqual({
      [query]: at('c1'),
      [`${query} # other`]: at('o2'),
    });
  });

  test('S10 goes on after progress without an event; each operation of a socket after its own', async () => {
    const client = connect(given);
    const [a, b] = [new Followed(client, { query: `${query} # a` }), new Followed(client)];
    const [first, second] = [await wire.subscription(0), await wire.subscription(1)];
    first.next('a', 'a1');
    second.ping('b7');
    second.next('b', 'b8');
    first.ping('a9');
    await Promise.all([a.until(1), b.until(1)]);
    await wire.message('pong', 1);
    first.socket.close(1013, 'SLOW_CLIENT: too slow');
    const again = [await wire.subscription(2), await wire.subscription(3)];
    expect(Object.fromEntries(again.map(({ payload }) => [payload.query, payload.extensions]))).toEqual({
      [`${query} # a`]: at('a9'),
      [query]: at('b8'),
    });
  });

  test('a retryable error is asked again after a pause on the same socket, and nobody else is disturbed', async () => {
    const retries: unknown[] = [];
    const client = connect(given, { onRetry: (errors) => retries.push(errors[0]?.extensions?.code) });
    const [followed, other] = [new Followed(client), new Followed(client, { query: `${query} # other` })];
    const first = await wire.subscription(0);
    first.error('SUBGRAPH_UNAVAILABLE', true);
    const second = await wire.subscription(2);
    expect(second.payload).toEqual({ query });
    second.next(1, 'c1');
    second.error('NOT_YET', true);
    const third = await wire.subscription(3);
    expect(third.payload.extensions).toEqual(at('c1'));
    third.next(2, 'c2');
    expect(await followed.until(2)).toEqual([1, 2]);
    expect(retries).toEqual(['SUBGRAPH_UNAVAILABLE', 'NOT_YET']);
    expect([third.socket, other.failure]).toEqual([first.socket, null]);
  });

  test('an error that is not retryable ends the operation, with all that it says', async () => {
    const followed = new Followed(connect(given));
    const first = await wire.subscription(0);
    first.next(1, 'c1');
    first.error('CURSOR_EXPIRED');
    expect(await followed.end()).toEqual([{ message: 'no', extensions: { code: 'CURSOR_EXPIRED' } }]);
    expect(wire.heard.filter(({ type }) => type === 'subscribe')).toHaveLength(1);
  });

  test('a connection on which pings get no answer is given up, and what still comes on it is not told', async () => {
    const reasons: string[] = [];
    const closed = (event: unknown) => reasons.push((event as { reason: string }).reason);
    const followed = new Followed(connect({ ...given, keepAlive: 100, on: { closed } }));
    const first = await wire.subscription(0);
    first.next(1, 'c1');
    await followed.until(1);
    await wire.message('ping', 1);
    wire.answers = false;
    const second = await wire.subscription(1);
    wire.answers = true;
    expect(reasons).toEqual(['No answer within 100 ms']);
    first.next('late', 'c2');
    expect(second.payload.extensions).toEqual(at('c1'));
    second.next(2, 'c2');
    expect(await followed.until(2)).toEqual([1, 2]);
  });

  test.each([1001, 1006, 1011, 1012, 1013, 1014, 4408, 4425, 4429, 4500, 4504])(
    'comes back after a close with %i',
    async (code) => {
      const followed = new Followed(connect(given));
      const first = await wire.subscription(0);
      first.next(1, 'c1');
      await followed.until(1);
      if (code === 1006) first.socket.terminate();
      else first.socket.close(code, 'for now');
      expect((await wire.subscription(1)).payload.extensions).toEqual(at('c1'));
    },
  );

  test.each([4400, 4401, 4403, 4404, 4406, 4409, 4410])('is ended by a close with %i', async (code) => {
    const followed = new Followed(connect(given));
    (await wire.subscription(0)).socket.close(code, 'for good');
    expect(await followed.end()).toMatchObject({ code, reason: 'for good' });
  });
});

describe('what a graphql-ws client may rely on', () => {
  test('who leaves during the pause is not sent again', async () => {
    const { promise: pause, resolve: endPause } = Promise.withResolvers<void>();
    const client = connect({ retryWait: () => pause });
    const [left, stays] = [new Followed(client), new Followed(client, { query: `${query} # stays` })];
    (await wire.subscription(0)).error('NOT_YET', true);
    (await wire.subscription(1)).error('NOT_YET', true);
    const first = await wire.subscription(0);
    first.ping('unknown');
    await wire.message('pong');
    left.leave();
    await wire.message('complete');
    endPause();
    expect((await wire.subscription(2)).payload.query).toBe(`${query} # stays`);
    expect([left.completed, stays.failure]).toEqual([true, null]);
    expect(wire.heard.filter(({ type }) => type === 'subscribe')).toHaveLength(3);
  });

  test('an id that comes again with another operation does not begin at the cursor of the one before', async () => {
    const client = connect({ generateID: () => 'mine' });
    const before = new Followed(client, { query, variables: { a: 1 } });
    const first = await wire.subscription(0);
    first.next(1, 'c1');
    await before.until(1);
    first.socket.terminate();
    before.leave();
    new Followed(client, { query, variables: { a: 2 } });
    expect((await wire.subscription(1)).payload).toEqual({ query, variables: { a: 2 } });
  });

  test('a mutation is never asked again by itself', async () => {
    const followed = new Followed(connect(), { query: 'mutation { delay }' });
    (await wire.subscription(0)).error('SUBGRAPH_TIMEOUT', true);
    expect(await followed.end()).toMatchObject([{ extensions: { code: 'SUBGRAPH_TIMEOUT' } }]);
  });

  test('a server that is not there is tried for ever, with pauses that grow until an operation moves', async () => {
    const tried: number[] = [];
    const { promise: threeTimes, resolve } = Promise.withResolvers<void>();
    const retryWait = async (attempt: number): Promise<void> => {
      tried.push(attempt);
      if (tried.length === 7) resolve();
    };
    const { url } = wire;
    wire.stop();
    const client = createClient(resumable({ url, retryWait }));
    clients.push(client);
    const followed = new Followed(client);
    await threeTimes;
    expect(tried.slice(0, 7)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(followed.failure).toBeNull();
    followed.leave();
  });

  test('the application hears each cursor with its operation, after the event', async () => {
    const story: unknown[] = [];
    const onCursor: Hooks['onCursor'] = (cursor, { variables }) => story.push([cursor, variables]);
    const client = connect({ on: { message: ({ type }) => story.push(type) } }, { onCursor });
    const followed = new Followed(client, { query, variables: { a: 1 } });
    const { next, ping } = await wire.subscription(0);
    next(1, 'c1');
    ping('c2');
    await followed.until(1);
    await wire.message('pong');
    expect(story).toEqual(['connection_ack', ['c1', { a: 1 }], 'next', ['c2', { a: 1 }], 'ping']);
  });

  test('without a WebSocket it says what to do', () => {
    expect(() => resumable({ url: wire.url, webSocketImpl: 'none' })).toThrow(
      'This platform has no WebSocket. Give one as webSocketImpl, for example that of the package ws.',
    );
  });
});
