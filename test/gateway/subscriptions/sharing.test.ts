import { afterEach, describe, expect, test } from 'vitest';
import { eventually } from '../support/signal.ts';
import { startWorld, type World } from '../support/world.ts';

const joined = 'subscription Live($topic: String) { events(topic: $topic) { id item { name } } }';

let world: World;
afterEach(() => world.stop());

describe('sharing of identical operations', () => {
  test('an event reaches a stock client, joined, with its cursor', async () => {
    world = await startWorld();
    const subscription = world.subscribe(joined);
    await world.events.changed.until(() => world.events.live === 1);
    await eventually(() => world.gateway.counters.upstreamsOpened === 1);
    world.events.produce(0);
    const [event] = await subscription.events(1);
    expect(event).toEqual({
      data: { events: { id: '0-0', item: { name: 'item 0-0' } } },
      extensions: { tributary: { at: [0, 0], cursor: world.events.cursorAt([1, 0]) } },
    });
    expect(world.items.extensions).toEqual([{ tributary: { after: { events: [[0, 0]] } } }]);
  });
});
