import { GraphQLError } from 'graphql';
import type { Client } from 'graphql-ws';
import { afterEach, describe, expect, test } from 'vitest';
import { eventually } from '../support/signal.ts';
import { Subscription } from '../support/subscription.ts';
import { startWorld, type World } from '../support/world.ts';

const plain = 'subscription { events { id } }';
const other = 'subscription { events(topic: "other") { id } }';

let world: World;
afterEach(() => world.stop());

/** As stock graphql-ws comes: it retries what closes, five times by default. */
const stock = (): Client => world.client({ retryAttempts: 5, retryWait: async () => undefined });

describe('retryable ends of an operation', () => {
  test('S11 a stock client that resumes comes back by itself until the stream is there', async () => {
    world = await startWorld({ limits: { aheadMs: 50 } });
    const client = stock();
    let connections = 0;
    client.on('connected', () => {
      connections += 1;
    });
    const ahead = new Subscription(client, plain, { cursor: world.events.cursorAt([2, 0]) });
    const beside = new Subscription(client, other, { cursor: world.events.cursorAt([0, 0]) });
    await eventually(() => connections >= 3);
    for (let index = 0; index < 3; index += 1) world.events.produce(0, { topic: 'other' });
    await ahead.events(1);
    expect(ahead.ids).toEqual(['0-2']);
    expect([ahead.failure, beside.failure]).toEqual([null, null]);
  });

  test('S13 a stock client that resumes waits for its turn to catch up, however long that takes', async () => {
    world = await startWorld({ limits: { catchUpsPerSubgraph: 1, catchUpQueueMs: 50 } });
    world.events.produce(0, { topic: 'other' });
    let open = (): void => {};
    world.events.gate = new Promise((resolve) => {
      open = resolve;
    });
    const cursor = world.events.cursorAt([0, 0]);
    const first = world.subscribe(plain, { cursor });
    await eventually(() => world.gateway.counters.catchUps === 1);
    const client = stock();
    let connections = 0;
    client.on('connected', () => {
      connections += 1;
    });
    const second = new Subscription(client, other, { cursor });
    await eventually(() => connections >= 3);
    open();
    await Promise.all([first.events(1), second.events(1)]);
    expect(second.ids).toEqual(['0-0']);
  });

  test('a client that brought no cursor is told by a retryable error, and its socket stays', async () => {
    world = await startWorld({ limits: { upstreamStartMs: 100, reconnectMs: 50 } });
    const client = stock();
    const healthy = new Subscription(client, other);
    await eventually(() => world.events.live === 1);
    const later = new GraphQLError('later', { extensions: { code: 'VIEW_NOT_READY', retryable: true } });
    world.events.refusals.push(...Array.from({ length: 100 }, () => later));
    const failing = new Subscription(client, plain);
    expect(await failing.code()).toBe('VIEW_NOT_READY');
    expect(failing.failure).toMatchObject([{ extensions: { retryable: true } }]);
    world.events.produce(0, { topic: 'other' });
    await healthy.events(1);
  });
});
