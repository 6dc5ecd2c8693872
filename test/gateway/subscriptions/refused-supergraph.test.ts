import { afterEach, describe, expect, test } from 'vitest';
import { itemsSdl } from '../support/items-subgraph.ts';
import { eventsSdl } from '../support/scripted-subgraph.ts';
import { eventually } from '../support/signal.ts';
import { supergraphOf } from '../support/supergraph.ts';
import { startWorld, type World } from '../support/world.ts';

let world: World;
afterEach(() => world.stop());

describe('a supergraph that cannot be served', () => {
  test('S19 is refused, and the old one goes on', async () => {
    world = await startWorld();
    const subscription = world.subscribe('subscription { events { id } }');
    await eventually(() => world.events.live === 1);
    const { id } = world.gateway.generation;
    await expect(world.gateway.update('type Query { a: Int }')).rejects.toMatchObject({
      code: 'SCHEMA_INVALID',
    });
    await expect(world.gateway.update('type {')).rejects.toMatchObject({ code: 'SCHEMA_INVALID' });
    expect(world.gateway.generation.id).toBe(id);
    world.events.produce();
    await subscription.events(1);
  });

  test('S19 the same one again is no new generation; several at once are taken in order', async () => {
    world = await startWorld();
    const first = world.gateway.generation;
    expect(await world.gateway.update(world.supergraphSdl)).toBe(first);
    const more = (name: string): string =>
      supergraphOf([
        { name: 'events', url: world.events.url, sdl: eventsSdl },
        {
          name: 'items',
          url: world.items.url,
          sdl: itemsSdl.replace('name: String!', `name: String! ${name}: Int`),
        },
      ]);
    const [, failed, last] = await Promise.allSettled([
      world.gateway.update(more('a')),
      world.gateway.update('type {'),
      world.gateway.update(more('b')),
    ]);
    expect(failed?.status).toBe('rejected');
    expect(last).toMatchObject({ value: world.gateway.generation });
    expect(world.gateway.generation.supergraphSdl).toBe(more('b'));
  });
});
