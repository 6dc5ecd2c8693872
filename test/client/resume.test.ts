import { describe, expect, test } from 'vitest';
import { decodeCursor } from '../../schema/cursor/decode.ts';
import { kafka } from '../support/kafka.ts';
import { bySensor, Feed, type Reading } from './feed.ts';
import { type Received, stockClients } from './stock.ts';

const untilBegun = (received: Received): Promise<void> => received.until(({ cursors }) => cursors.length > 0);

/** Next offsets that a client has come to, in all partitions together. */
const reached = ({ cursors }: Received): number =>
  Object.values(decodeCursor(cursors.at(-1)!).position).reduce((sum, offset) => sum + offset, 0);

describe.each(stockClients)('%s', (_name, subscribe) => {
  test('S7 through cuts of the network and another gateway it is told every event once, in order', async () => {
    const feed = await Feed.start();
    const received = subscribe(feed.url, 'a');
    await untilBegun(received);
    const written: Reading[] = [];
    const write = async (): Promise<void> => {
      written.push(...(await feed.write('a', 20)));
      await feed.write('b', 20);
    };
    const untilToldAll = (): Promise<void> =>
      received.until(({ readings }) => readings.length >= written.length);
    await write();
    await untilToldAll();
    for (let cut = 1; cut <= 4; cut += 1) {
      // Some of it is on its way when the network fails, some is written while nobody listens.
      const writing = write();
      feed.proxy.cut();
      await writing;
      await write();
      if (cut % 2 === 0) await untilToldAll();
    }
    await feed.restartGateway(write);
    await write();
    await untilToldAll();
    expect(bySensor(received.readings)).toEqual(bySensor(written));
    expect(received.connections).toBeGreaterThan(2);
  });

  test('S10 it goes on after the progress of a filter that nothing met; after its last event it could not', async () => {
    const feed = await Feed.start();
    const received = subscribe(feed.url, 'quiet');
    await untilBegun(received);
    await feed.write('quiet', 1);
    await received.until(({ readings }) => readings.length === 1);
    const old = received.cursors.at(-1)!;
    await feed.write('loud', 300);
    await received.until(() => reached(received) === 301);

    // All that followed the last event is deleted, and nobody has it in memory: who comes with its cursor is refused.
    await truncate(feed);
    await feed.restartGateway(() => feed.restartSubgraph());
    await received.until(({ connections }) => connections >= 2);
    const [told] = await feed.write('quiet', 1);
    await received.until(({ readings }) => readings.length === 2);
    expect(received.readings.at(-1)).toMatchObject(told!);

    // What an application does for whom it is too late: it is told, and decides to go on with what is left.
    const late = subscribe(feed.url, 'quiet', old);
    await late.changed.until(() => late.failures.length > 0);
    const [[expired]] = late.failures as [[{ extensions: { code: string; earliest: string } }]];
    expect(expired.extensions).toMatchObject({ code: 'CURSOR_EXPIRED', reason: 'RETENTION' });
    const again = subscribe(feed.url, 'quiet', expired.extensions.earliest);
    await again.until(({ readings }) => readings.length === 1);
    expect(again.readings).toMatchObject([told]);
  });
});

/** Deletes all records that are there. */
const truncate = async ({ topic }: Feed): Promise<void> => {
  const admin = kafka().admin();
  await admin.connect();
  const partitions = await admin.fetchTopicOffsets(topic);
  await admin.deleteTopicRecords({
    topic,
    partitions: partitions.map(({ partition, high }) => ({ partition, offset: high })),
  });
  await admin.disconnect();
};
