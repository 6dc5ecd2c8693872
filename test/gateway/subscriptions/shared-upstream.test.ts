import { expect, onTestFinished, test } from 'vitest';
import { SharedUpstream } from '../../../gateway/subscriptions/upstream/shared.ts';
import { ScriptedSubgraph } from '../support/scripted-subgraph.ts';
import { Signal } from '../support/signal.ts';

/** A subscription on a socket of its own. */
const listen = (url: string) => {
  const upstream = new SharedUpstream({
    subgraph: 'events',
    url,
    ackMs: 5_000,
    pingMs: 5_000,
    messageBytes: 1_000_000,
    reconnectMs: 10,
    onOpen: () => {},
  });
  onTestFinished(() => upstream.close());
  const changed = new Signal();
  const nothing = (): void => {};
  upstream.subscribe(() => ({ query: 'subscription { events { id } }', variables: {} }), {
    sent: nothing,
    next: () => changed.fire(),
    progress: nothing,
    failed: nothing,
    completed: nothing,
    lost: nothing,
  });
  return { upstream, changed };
};

test('S13 a socket that is paused before it is open, as one that comes back, is not read until it is resumed', async () => {
  const subgraph = await new ScriptedSubgraph({ cursors: false }).start();
  onTestFinished(() => subgraph.kill());
  const paused = listen(subgraph.url);
  paused.upstream.pause(paused);
  const read = listen(subgraph.url);
  await subgraph.changed.until(() => subgraph.live === 2);
  for (let number = 1; number <= 3; number += 1) {
    subgraph.produce();
    await read.changed.until(() => read.changed.count === number);
  }
  expect(paused.changed.count).toBe(0);
  paused.upstream.resume(paused);
  await paused.changed.until(() => paused.changed.count === 3);
});
