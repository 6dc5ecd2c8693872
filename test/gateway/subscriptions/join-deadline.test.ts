import { afterEach, expect, test } from 'vitest';
import { eventually } from '../support/signal.ts';
import { startWorld, type World } from '../support/world.ts';

let world: World;
afterEach(() => world.stop());

test('S17 an event whose join does not come in time has null and a typed error in its place; what follows is joined, and cursors go on', async () => {
  world = await startWorld();
  let open = (): void => {};
  world.items.gate = new Promise((resolve) => {
    open = resolve;
  });
  const client = world.subscribe('subscription { events { id item { name } } }');
  await eventually(() => world.events.live === 1);
  const began = performance.now();
  world.events.produce();
  const [late] = await client.events(1);
  expect(performance.now() - began).toBeGreaterThan(1_900);
  expect(late).toMatchObject({
    data: { events: { id: '0-0', item: null } },
    errors: [{ extensions: { code: 'SUBGRAPH_TIMEOUT' } }],
    extensions: { tributary: { at: [0, 0], cursor: world.events.cursorAt([1, 0]) } },
  });
  open();
  world.events.produce();
  const [, next] = await client.events(2);
  expect(next).toMatchObject({ data: { events: { id: '0-1', item: { name: 'item 0-1' } } } });
  expect(client.cursors.at(-1)).toBe(world.events.cursorAt([2, 0]));
});

test('S17 a join that hangs holds up the delivery of what follows until its deadline, and not the joins: they come with it', async () => {
  world = await startWorld();
  world.items.gate = new Promise(() => {});
  const client = world.subscribe('subscription { events { id item { name } } }');
  await eventually(() => world.events.live === 1);
  const began = performance.now();
  world.events.produce();
  await eventually(() => world.items.calls.length === 1);
  world.items.gate = Promise.resolve();
  world.events.produce();
  await eventually(() => world.items.calls.length === 2);
  world.events.produce();
  await eventually(() => world.items.calls.length === 3);
  expect(client.received).toEqual([]);
  const received = await client.events(3);
  expect(performance.now() - began).toBeGreaterThan(1_900);
  expect(received).toMatchObject([
    { data: { events: { id: '0-0', item: null } }, errors: [{ extensions: { code: 'SUBGRAPH_TIMEOUT' } }] },
    { data: { events: { id: '0-1', item: { name: 'item 0-1' } } } },
    { data: { events: { id: '0-2', item: { name: 'item 0-2' } } } },
  ]);
  expect(client.cursors).toEqual([1, 2, 3].map((next) => world.events.cursorAt([next, 0])));
});
