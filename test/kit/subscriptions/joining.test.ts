import { describe, expect, test } from 'vitest';
import { decodeCursor } from '../../../schema/cursor/index.ts';
import { covers } from '../../../schema/position.ts';
import { Subscriptions } from '../../../subgraphs/kit/subscriptions/subscription.ts';
import { MemoryTopic, receive, request } from './memory-topic.ts';

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
};

describe('from the view to the stream', () => {
  test('S16 a row that the view has and the stream has not yet published arrives once', async () => {
    const topic = new MemoryTopic(2, { compact: true, windowBytes: 1_000 });
    topic.append(0, 'x', 'a');
    const { publish } = topic.commit(0, 'y', 'a');
    const subscription = new Subscriptions().open(request(topic.served()));
    const taking = receive(subscription, 5);
    await turns(5);
    topic.append(1, 'elsewhere', 'a');
    publish();
    await turns(5);
    topic.append(0, 'z', 'a');
    const received = await taking;
    const keys = received.flatMap(({ key }) => key ?? []);
    expect([...keys].sort()).toEqual([...new Set(keys)].sort());
    expect(keys).toEqual(expect.arrayContaining(['x', 'y']));
    const positions = received.map(({ cursor }) => decodeCursor(cursor).position);
    positions.slice(1).forEach((position, index) => {
      expect(covers(position, positions[index] ?? [])).toBe(true);
    });
    await subscription.return();
  });

  test('S1 who takes UP_TO_DATE so late that the window has moved on loses nothing', async () => {
    const topic = new MemoryTopic(1, { compact: true, windowBytes: 30 });
    topic.append(0, 'x', 'a');
    const subscription = new Subscriptions().open(request(topic.served()));
    const snapshot = await receive(subscription, 3);
    expect(snapshot.map(({ kind }) => kind)).toEqual(['RESET', 'SNAPSHOT', 'UP_TO_DATE']);
    for (let n = 0; n < 10; n++) topic.append(0, `k${n}`, 'a');
    const later = await receive(subscription, 10);
    expect(later.map(({ key }) => key)).toEqual(Array.from({ length: 10 }, (_, n) => `k${n}`));
    await subscription.return();
  });
});
