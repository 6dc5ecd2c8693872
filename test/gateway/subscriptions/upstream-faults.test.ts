import { GraphQLError } from 'graphql';
import { afterEach, describe, expect, test } from 'vitest';
import { eventually } from '../support/signal.ts';
import { startWorld, type World } from '../support/world.ts';

const of = (topic: string) => ({
  query: 'subscription ($topic: String) { events(topic: $topic) { id padding } }',
  variables: { topic },
});

let world: World;
afterEach(() => world.stop());

const settled = (operations: number): Promise<void> =>
  eventually(() => world.gateway.counters.operations === operations && world.events.live === operations);

describe('what a subgraph sends beyond the bounds', () => {
  test('an event that is too large ends its own operation, and no other on the socket', async () => {
    world = await startWorld({ limits: { upstreamMessageBytes: 16_384 } });
    const [large, small] = [of('large'), of('small')].map(({ query, variables }) =>
      world.subscribe(query, { variables }),
    );
    await settled(2);
    world.events.produce(0, { topic: 'large', padding: 'x'.repeat(20_000) });
    expect(await large?.code()).toBe('SUBGRAPH_FAILED');
    expect(large?.reason).toContain('limits.upstreamMessageBytes');
    world.events.produce(0, { topic: 'small' });
    await small?.events(1);
    expect(world.gateway.counters).toMatchObject({ operations: 1, upstreamsOpened: 2 });
    await eventually(() => world.events.live === 1);
  });

  test('one that is too large to be read breaks the socket a bounded number of times', async () => {
    world = await startWorld({ limits: { upstreamMessageBytes: 16_384, reconnectMs: 100 } });
    const { query, variables } = of('large');
    const client = world.subscribe(query, { variables });
    await settled(1);
    world.events.produce(0, { topic: 'large', padding: 'x'.repeat(100_000) });
    expect(await client.code()).toBe('SUBGRAPH_FAILED');
    expect(world.gateway.counters).toMatchObject({ operations: 0, upstreams: 0, upstreamsOpened: 3 });
    await eventually(() => world.events.connections === 0);
  });

  test.each([20_000, 100_000])('a catch-up that meets one of %i bytes fails at once', async (bytes) => {
    world = await startWorld({ limits: { upstreamMessageBytes: 16_384 } });
    world.events.produce(0, { topic: 'large', padding: 'x'.repeat(bytes) });
    const { query, variables } = of('large');
    const client = world.subscribe(query, { variables, cursor: world.events.cursorAt([0, 0]) });
    expect(await client.code()).toBe('SUBGRAPH_FAILED');
    expect(world.gateway.counters).toMatchObject({ catchUpsOpened: 1, catchUps: 0 });
  });
});

describe('retryable errors of a subgraph', () => {
  test('S18 one that cut the shared operation off for slowness is asked to go on behind the last cursor', async () => {
    world = await startWorld();
    const { query, variables } = of('a');
    const clients = [world.subscribe(query, { variables }), world.subscribe(query, { variables })];
    await settled(1);
    world.events.produce(0, { topic: 'a' });
    await Promise.all(clients.map((client) => client.events(1)));
    world.events.complete(
      new GraphQLError('too slow', { extensions: { code: 'SLOW_CLIENT', retryable: true } }),
    );
    world.events.produce(1, { topic: 'a' });
    await Promise.all(clients.map((client) => client.events(2)));
    world.events.produce(0, { topic: 'a' });
    for (const client of clients) {
      await client.events(3);
      expect(client.ids).toEqual(['0-0', '1-0', '0-1']);
    }
    expect(world.events.received.at(-1)?.tributary).toMatchObject({
      cursor: world.events.cursorAt([1, 0]),
    });
    expect(world.gateway.counters).toMatchObject({ upstreams: 1, upstreamsOpened: 2, executions: 3 });
  });

  test('one that never says where the operation begins is not waited for without end', async () => {
    world = await startWorld({ limits: { upstreamStartMs: 300, reconnectMs: 50 } });
    const later = new GraphQLError('later', { extensions: { code: 'VIEW_NOT_READY', retryable: true } });
    world.events.refusals.push(...Array.from({ length: 1_000 }, () => later));
    const { query, variables } = of('a');
    expect(await world.subscribe(query, { variables }).code()).toBe('VIEW_NOT_READY');
    expect(world.gateway.counters).toMatchObject({ operations: 0, upstreams: 0 });
  });
});
