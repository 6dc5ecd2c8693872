import { expect, test } from 'vitest';
import { decodeCursor, encodeCursor } from '../../../schema/cursor/index.ts';
import { Subscriptions } from '../../../subgraphs/kit/subscriptions/subscription.ts';
import { MemoryTopic, type Received, receive, request } from './memory-topic.ts';

/** Keys that a client holds which does what it is told. */
const fold = (received: readonly Received[]): ReadonlySet<string> => {
  const keys = new Set<string>();
  for (const { kind, key } of received) {
    if (kind === 'RESET') keys.clear();
    if (key === null) continue;
    if (kind === 'DELETE') keys.delete(key);
    else keys.add(key);
  }
  return keys;
};

/** More rows than one page holds. */
const large = (): MemoryTopic => {
  const topic = new MemoryTopic(1, { compact: true, windowBytes: 100_000 });
  for (let n = 0; n < 1_200; n++) topic.append(0, `k${n}`, 'a');
  return topic;
};

const untilUpToDate = async (
  subscription: ReturnType<Subscriptions['open']>,
): Promise<readonly Received[]> => {
  const received: Received[] = [];
  for (;;) {
    const [next] = await receive(subscription, 1);
    if (next === undefined) return received;
    received.push(next);
    if (next.kind === 'UP_TO_DATE') return received;
  }
};

test('S1 S12 a snapshot that shares a page read before it began is told of the rows that went meanwhile', async () => {
  const topic = large();
  const subscriptions = new Subscriptions();
  const served = topic.served();
  const args = { group: 'a' };
  const first = subscriptions.open(request(served, args));
  await receive(first, 2);
  topic.append(0, 'k1', null);
  topic.append(0, 'k2', 'b');
  topic.append(0, 'k3', 'a');
  const second = subscriptions.open(request(served, args));
  const keys = fold(await untilUpToDate(second));
  expect([keys.has('k0'), keys.has('k1'), keys.has('k2'), keys.has('k3')]).toEqual([
    true,
    false,
    false,
    true,
  ]);
  expect(keys.size).toBe(1_198);
  await Promise.all([first.return(), second.return()]);
});

test('S12 a scan that goes on at a replica which is behind the snapshot is told of the rows that go later', async () => {
  const ahead = large();
  const behind = large();
  ahead.append(0, 'k700', null);
  const begun = new Subscriptions().open(request(ahead.served()));
  const head = await receive(begun, 301);
  await begun.return();
  const resumed = new Subscriptions().open(
    request(behind.served(), {}, { cursor: head.at(-1)?.cursor ?? '' }),
  );
  // Behind the row, and before the end of its page.
  const middle = await receive(resumed, 420);
  behind.append(0, 'k700', null);
  const keys = fold([...head, ...middle, ...(await untilUpToDate(resumed))]);
  expect(keys.has('k700')).toBe(false);
  expect(keys.size).toBe(1_199);
  await resumed.return();
});

test('S11 a cursor is as old as what it stands behind, until the client is up to date', async () => {
  const topic = large();
  const [, , early] = await receive(new Subscriptions().open(request(topic.served())), 3);
  const begun = decodeCursor(early?.cursor ?? '');
  const time = begun.time - 60_000;
  const asked = request(topic.served(), {}, { cursor: encodeCursor({ ...begun, time }) });
  const resumed = new Subscriptions().open(asked);
  const received = await untilUpToDate(resumed);
  expect(decodeCursor(asked.started[0] ?? '').time).toBe(time);
  expect(new Set(received.slice(0, -1).map(({ cursor }) => decodeCursor(cursor).time))).toEqual(
    new Set([time]),
  );
  expect(decodeCursor(received.at(-1)?.cursor ?? '').time).toBeGreaterThanOrEqual(begun.time);
  await resumed.return();
});
