import { afterEach, expect, test } from 'vitest';
import { StreamReader } from '../support/stream-reader.ts';
import { startWorld, type World } from '../support/world.ts';

let world: World;
afterEach(() => world.stop());

test('S6 S7 a Last-Event-ID may be the cursor of a topic with thousands of partitions', async () => {
  const partitions = 3_000;
  world = await startWorld({ partitions });
  const position = Array.from({ length: partitions }, () => 0);
  // As large as the cursor of a long life.
  const cursor = world.events.cursorAt([...position.slice(1).map(() => 2 ** 33), 0]);
  expect(cursor.length).toBeGreaterThan(16 * 1024);
  const id = world.events.produce(partitions - 1);
  const reader = new StreamReader(world.gateway.url, {
    headers: { accept: 'text/event-stream', 'last-event-id': cursor },
    operation: { query: 'subscription { events { id } }' },
  });
  expect((await reader.headers()).statusCode).toBe(200);
  expect(await reader.until((text) => text.includes('data:'))).toContain(`"${id}"`);
  reader.close();
});
