import { expect, test } from 'vitest';
import { createTopic, deleteTopic, kafka, produce, uniqueTopic } from '../support/kafka.ts';

test('records go to a real broker, with keys, headers, tombstones and timestamps', async () => {
  const topic = uniqueTopic('support');
  await createTopic(topic, { partitions: 2, config: { 'cleanup.policy': 'compact' } });
  const [written] = await produce(topic, [
    { key: 'a', value: 'one', partition: 1, headers: { h: 'x' }, timestamp: 1_770_000_000_000 },
    { key: 'a', value: null, partition: 1 },
  ]);
  expect(written).toMatchObject({ topicName: topic, partition: 1, baseOffset: '0' });
  const admin = kafka().admin();
  await admin.connect();
  const offsets = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  expect(offsets.map(({ partition, high }) => [partition, high]).sort()).toEqual([
    [0, '0'],
    [1, '2'],
  ]);
  await deleteTopic(topic);
});
