import fc from 'fast-check';
import { type Client, type ClientOptions, createClient } from 'graphql-sse';
import { afterEach, describe, expect, test } from 'vitest';
import { type Hooks, resumableSse } from '../../client/index.ts';
import { Signal } from '../gateway/support/signal.ts';

const query = 'subscription { events }';
const clients: Client[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.dispose();
});

/** What the client asked, and the answer in the hand of the test. */
interface Attempt {
  readonly body: { readonly extensions?: unknown };
  /** Answers with a stream. */
  stream(): Wire;
  answer(status: number, body: string): void;
  fail(): void;
}

interface Wire {
  send(...texts: string[]): void;
  end(): void;
  break(): void;
}

class Server {
  readonly attempts: Attempt[] = [];
  readonly changed = new Signal();

  readonly fetch = (_url: string, { body, signal }: RequestInit): Promise<Response> => {
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    this.attempts.push({
      body: JSON.parse(String(body)),
      stream: () => {
        let controller: ReadableStreamDefaultController<Uint8Array>;
        const start = (made: typeof controller): void => {
          controller = made;
        };
        resolve(new Response(new ReadableStream({ start })));
        signal?.addEventListener('abort', () => controller.error(signal.reason));
        return {
          send: (...texts) => {
            for (const text of texts) controller.enqueue(new TextEncoder().encode(text));
          },
          end: () => controller.close(),
          break: () => controller.error(new TypeError('terminated')),
        };
      },
      answer: (status, text) => resolve(new Response(text, { status })),
      fail: () => reject(new TypeError('fetch failed')),
    });
    this.changed.fire();
    return promise;
  };

  async attempt(index: number): Promise<Attempt> {
    await this.changed.until(() => this.attempts.length > index);
    return this.attempts[index]!;
  }
}

const event = (id: number): string =>
  `event: next\nid: c${id}\ndata: ${JSON.stringify({ data: id, extensions: { tributary: { cursor: `c${id}` } } })}\n\n`;
const opening = ':\nretry: 700\n\n';
const complete = 'event: complete\nid: end\ndata:\n\n';
const errors = (code: string, retryable?: boolean): string =>
  `event: next\ndata: ${JSON.stringify({ errors: [{ message: 'no', extensions: { code, retryable } }] })}\n\n`;
const behind = (cursor: string) => ({ tributary: { cursor } });

class Followed {
  readonly server = new Server();
  readonly results: unknown[] = [];
  readonly changed = new Signal();
  failure: unknown = null;
  completed = false;
  readonly leave: () => void;

  constructor({
    hooks = {},
    ...options
  }: Partial<ClientOptions> & { hooks?: Hooks & { silenceMs?: number } } = {}) {
    const given = {
      url: 'http://gateway/graphql',
      retry: () => Promise.resolve(),
      fetchFn: this.server.fetch,
      ...options,
    };
    const client = createClient(resumableSse(given, hooks));
    clients.push(client);
    this.leave = client.subscribe(
      { query },
      {
        next: (result) => {
          this.results.push(result.data ?? result.errors?.[0]?.extensions?.code);
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
      },
    );
  }

  async until(count: number): Promise<unknown[]> {
    await this.changed.until(() => this.results.length >= count || this.failure !== null);
    return this.results;
  }

  async end(): Promise<unknown> {
    await this.changed.until(() => this.failure !== null || this.completed);
    return this.failure;
  }
}

describe('a graphql-sse client', () => {
  test('S7 goes on after the last event, however the stream ended', async () => {
    const followed = new Followed();
    const first = (await followed.server.attempt(0)).stream();
    first.send(opening, event(1), event(2));
    first.end();
    const second = await followed.server.attempt(1);
    expect(second.body).toEqual({ query, extensions: behind('c2') });
    const wire = second.stream();
    wire.send(opening + event(3));
    await followed.until(3);
    wire.break();
    const third = await followed.server.attempt(2);
    expect(third.body.extensions).toEqual(behind('c3'));
    third.fail();
    const fourth = await followed.server.attempt(3);
    expect(fourth.body.extensions).toEqual(behind('c3'));
    fourth.stream().send(event(4));
    expect(await followed.until(4)).toEqual([1, 2, 3, 4]);
  });

  test('S10 goes on after progress without an event', async () => {
    const followed = new Followed();
    const wire = (await followed.server.attempt(0)).stream();
    wire.send(opening, 'id: c1\n\n', event(2), 'id: c9\n\n', ':\n\n');
    wire.end();
    expect((await followed.server.attempt(1)).body.extensions).toEqual(behind('c9'));
    expect(await followed.until(1)).toEqual([2]);
  });

  // graphql-sse keeps events to itself until a chunk ends with a line, and forgets them when the connection breaks.
  test('S7 wherever chunks end and the connection breaks, each event is told once and in order', async () => {
    const total = 12;
    const split = fc.array(fc.nat(400), { maxLength: 8 });
    const connection = fc.record({
      splits: split,
      broken: fc.nat(900),
      how: fc.constantFrom('end', 'break'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(connection, { maxLength: 5 }), async (connections) => {
        const followed = new Followed();
        const lives = [...connections, { splits: [500], broken: 100_000, how: 'end' } as const];
        for (const [index, { splits, broken, how }] of lives.entries()) {
          const { body, stream } = await followed.server.attempt(index);
          const { cursor = 'c0' } = (body.extensions as { tributary?: { cursor: string } })?.tributary ?? {};
          const ids = Array.from({ length: total }, (_, id) => id + 1).filter((id) => `c${id}` !== cursor);
          const rest = ids.filter((id) => id > Number(cursor.slice(1)));
          const text = [opening, ...rest.map(event), complete].join('').slice(0, broken);
          const wire = stream();
          const ends = [...splits, text.length].toSorted((a, b) => a - b);
          for (const [nth, end] of ends.entries()) wire.send(text.slice(ends[nth - 1] ?? 0, end));
          if (text.endsWith(complete)) break;
          if (how === 'end') wire.end();
          else wire.break();
        }
        expect(await followed.end()).toBeNull();
        expect(followed.results).toEqual(Array.from({ length: total }, (_, id) => id + 1));
      }),
      { numRuns: 100 },
    );
  });

  test('a line separator of Unicode in the data begins no line: what looks like an id there is none', async () => {
    const followed = new Followed();
    const first = (await followed.server.attempt(0)).stream();
    first.send(opening, `event: next\ndata: ${JSON.stringify({ data: 'a\u2028id: theirs' })}\n\n`);
    await followed.until(1);
    first.end();
    const second = await followed.server.attempt(1);
    expect(second.body).toEqual({ query });
    second.stream().send(errors('NOT_YET\u2028', true));
    await followed.server.attempt(2);
    expect(followed.failure).toBeNull();
  });

  test('retryable errors are asked again behind what came before them, and not told', async () => {
    const retries: unknown[] = [];
    const followed = new Followed({ hooks: { onRetry: ([error]) => retries.push(error?.extensions?.code) } });
    const first = (await followed.server.attempt(0)).stream();
    first.send(opening + event(1) + errors('NOT_YET', true) + complete);
    const second = await followed.server.attempt(1);
    expect(second.body.extensions).toEqual(behind('c1'));
    second.stream().send(errors('SUBGRAPH_UNAVAILABLE', true), complete);
    (await followed.server.attempt(2)).stream().send(event(2), complete);
    expect(await followed.end()).toBeNull();
    expect(followed.results).toEqual([1, 2]);
    expect(retries).toEqual(['NOT_YET', 'SUBGRAPH_UNAVAILABLE']);
  });

  test('other errors are told, and end the operation', async () => {
    const followed = new Followed();
    (await followed.server.attempt(0)).stream().send(event(1), errors('CURSOR_EXPIRED'), complete);
    expect(await followed.end()).toBeNull();
    expect(followed.results).toEqual([1, 'CURSOR_EXPIRED']);
    expect(followed.server.attempts).toHaveLength(1);
  });

  test('a status that may pass is asked again, a refusal by the gateway is told', async () => {
    const followed = new Followed();
    const told = (code: string, retryable?: boolean): string =>
      JSON.stringify({ errors: [{ message: 'no', extensions: { code, retryable } }] });
    (await followed.server.attempt(0)).answer(503, told('DRAINING', true));
    (await followed.server.attempt(1)).answer(429, told('TOO_MANY_OPERATIONS', true));
    (await followed.server.attempt(2)).answer(502, '<html>Bad Gateway</html>');
    (await followed.server.attempt(3)).answer(403, told('FORBIDDEN_ORIGIN'));
    expect(await followed.end()).toBeNull();
    expect(followed.results).toEqual(['FORBIDDEN_ORIGIN']);
  });

  test('a connection on which nothing comes for too long is given up', async () => {
    const followed = new Followed({ hooks: { silenceMs: 50 } });
    (await followed.server.attempt(0)).stream().send(event(1));
    expect((await followed.server.attempt(1)).body.extensions).toEqual(behind('c1'));
    expect(followed.results).toEqual([1]);
  });

  test('who leaves is not asked for again, and hears that it is over', async () => {
    const followed = new Followed();
    (await followed.server.attempt(0)).stream().send(event(1));
    await followed.until(1);
    followed.leave();
    expect(await followed.end()).toBeNull();
    expect(followed.server.attempts).toHaveLength(1);
  });

  test('the application hears each cursor with its operation, after the event', async () => {
    const story: unknown[] = [];
    const told = new Signal();
    const followed: Followed = new Followed({
      hooks: {
        onCursor: (cursor, operation) => {
          story.push([cursor, operation.query, followed.results.length]);
          told.fire();
        },
      },
    });
    const wire = (await followed.server.attempt(0)).stream();
    wire.send(event(1), 'id: c2\n\n', complete);
    await told.until(() => story.length === 2);
    expect(story).toEqual([
      ['c1', query, 1],
      ['c2', query, 1],
    ]);
  });
});
