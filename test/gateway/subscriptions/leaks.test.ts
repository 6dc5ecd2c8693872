import { afterEach, expect, test } from 'vitest';
import { eventually } from '../support/signal.ts';
import { startWorld, type World } from '../support/world.ts';

const query = 'subscription ($topic: String) { events(topic: $topic) { id item { name } } }';

let world: World;
afterEach(() => world.stop());

/** Sockets that keep the process alive. */
const sockets = (): number =>
  process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;

/** A hundred operations, every third one with a catch-up, each ended after its first event. */
const round = async (name: string): Promise<void> => {
  await Promise.all(
    Array.from({ length: 100 }, async (_, index) => {
      const topic = `${name}-${index}`;
      const resumes = index % 3 === 0;
      if (resumes) world.events.produce(0, { topic });
      const client = world.client();
      const cursor = resumes ? { cursor: world.events.cursorAt([0, 0]) } : {};
      const subscription = world.subscribe(query, { variables: { topic }, client, ...cursor });
      if (!resumes) {
        await eventually(() =>
          world.events.received.some(({ variables, live }) => live && variables.topic === topic),
        );
        world.events.produce(0, { topic });
      }
      await subscription.events(1);
      subscription.stop();
      await client.dispose();
    }),
  );
  await eventually(() => world.gateway.counters.operations === 0 && world.events.connections === 0);
};

test('a hundred operations that came and went leave nothing behind', async () => {
  world = await startWorld();
  await round('first');
  const before = sockets();
  await round('second');
  await eventually(() => sockets() <= before);
  expect(world.gateway.counters).toMatchObject({
    operations: 0,
    subscribers: 0,
    upstreams: 0,
    catchUps: 0,
    ringBytes: 0,
    slowClients: 0,
  });
});
