import { createClient } from 'graphql-sse';
import { describe, expect, test } from 'vitest';
import { Signal } from '../support/signal.ts';
import { query, Streams } from '../support/streams.ts';
import type { Received } from '../support/subscription.ts';

const streams = new Streams();

describe('stock graphql-sse', () => {
  test('subscribes, and resumes with the cursor that it keeps', async () => {
    await streams.start();
    const proxy = await streams.through();
    const client = createClient({
      url: proxy.through(streams.world.gateway.url),
      retryAttempts: Number.MAX_SAFE_INTEGER,
      retry: async () => undefined,
    });
    streams.onEnd(() => client.dispose());
    const tributary: { cursor?: string } = {};
    const received: string[] = [];
    const changed = new Signal();
    client.subscribe(
      { query, extensions: { tributary } },
      {
        next: (result) => {
          const { data, extensions } = result as unknown as Received;
          const cursor = extensions?.tributary?.cursor;
          if (cursor !== undefined) tributary.cursor = cursor;
          received.push(data?.events?.id ?? '');
          changed.fire();
        },
        error: () => undefined,
        complete: () => undefined,
      },
    );
    await streams.isLive();
    for (let round = 1; round <= 3; round += 1) {
      for (let index = 0; index < 10; index += 1) streams.world.events.produce(index % 2);
      await changed.until(() => received.length >= round * 10);
      proxy.cut();
    }
    expect(received.toSorted()).toEqual(streams.world.events.idsFrom([0, 0]).toSorted());
  });

  test('asks queries and is told errors', async () => {
    await streams.start();
    const client = createClient({ url: streams.world.gateway.url, retryAttempts: 0 });
    streams.onEnd(() => client.dispose());
    const results = async (text: string): Promise<unknown[]> => {
      const found: unknown[] = [];
      for await (const result of client.iterate({ query: text })) found.push(result);
      return found;
    };
    expect(await results('{ item(id: 7) { name } }')).toEqual([{ data: { item: { name: 'item 7' } } }]);
    expect(await results('{ nothing }')).toMatchObject([
      { errors: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }] },
    ]);
  });

  test('completes with the operation', async () => {
    await streams.start();
    const client = createClient({ url: streams.world.gateway.url, retryAttempts: 0 });
    streams.onEnd(() => client.dispose());
    const results = client.iterate<Received['data']>({ query });
    const first = results.next();
    await streams.isLive();
    streams.world.events.produce();
    expect((await first).value).toMatchObject({ data: { events: { id: '0-0' } } });
    streams.world.events.complete();
    expect(await results.next()).toMatchObject({ done: true });
  });
});
