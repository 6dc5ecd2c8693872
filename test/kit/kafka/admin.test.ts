import { describe, expect, test } from 'vitest';
import { TributaryError } from '../../../schema/errors.ts';
import { ensureTopics } from '../../../subgraphs/kit/kafka/admin.ts';
import { brokers, createTopic, kafka, uniqueTopic } from '../../support/kafka.ts';
import { describeTopic } from './describe-topic.ts';

const options = () => ({ brokers: brokers().split(','), clientId: 'test', create: false, replication: 1 });

const failureOf = async (work: Promise<unknown>): Promise<TributaryError> => {
  const error: unknown = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof TributaryError)) throw new Error('It did not fail as expected.', { cause: error });
  return error;
};

describe('topics that the SDL declares', () => {
  test('missing topics are created as declared, and a second start finds nothing to do', async () => {
    const [compacted, events] = [uniqueTopic('compacted'), uniqueTopic('events')];
    const topics = [
      describeTopic({ name: compacted, partitions: 3 }),
      describeTopic({ name: events, cleanup: 'DELETE' }),
    ];
    await ensureTopics({ ...options(), topics, create: true });
    await ensureTopics({ ...options(), topics });
    const admin = kafka().admin();
    await admin.connect();
    const metadata = await admin.fetchTopicMetadata({ topics: [compacted, events] });
    await admin.disconnect();
    const counts = Object.fromEntries(metadata.topics.map((topic) => [topic.name, topic.partitions.length]));
    expect(counts).toEqual({ [compacted]: 3, [events]: 1 });
  });

  test('all mismatches come at once, each with what is declared, what is there and the cure', async () => {
    const [few, policy, missing] = [uniqueTopic('few'), uniqueTopic('policy'), uniqueTopic('missing')];
    await createTopic(few, { partitions: 2, config: { 'cleanup.policy': 'compact' } });
    await createTopic(policy, { config: { 'cleanup.policy': 'compact,delete' } });
    const error = await failureOf(
      ensureTopics({
        ...options(),
        topics: [
          describeTopic({ name: few, partitions: 6 }),
          describeTopic({ name: policy }),
          describeTopic({ name: missing }),
        ],
      }),
    );
    expect(error.code).toBe('TOPIC_MISMATCH');
    const [fewPartitions, otherPolicy, notThere, ...more] = error.message.split('\n');
    expect(fewPartitions).toBe(
      `Topic ${few}: @topic of Thing declares 6 partitions, the cluster has 2. ` +
        `Add partitions (kafka-topics.sh --alter --topic ${few} --partitions 6), or declare 2.`,
    );
    expect(otherPolicy).toBe(
      `Topic ${policy}: @topic of Thing declares cleanup COMPACT, the cluster has cleanup.policy=compact,delete. ` +
        'Set cleanup.policy=compact on the topic, or change the declaration.',
    );
    expect(notThere).toBe(
      `Topic ${missing}: @topic of Thing declares it, the cluster does not have it. ` +
        'Create it with cleanup.policy=compact and 1 partition(s), or let Tributary create it: --create-topics.',
    );
    expect(more).toEqual([]);
  });

  test('more partitions than declared are no mismatch: partitions may be added', async () => {
    const name = uniqueTopic('more');
    await createTopic(name, { partitions: 4, config: { 'cleanup.policy': 'compact' } });
    await ensureTopics({ ...options(), topics: [describeTopic({ name, partitions: 3 })] });
  });

  test('a topic that the broker refuses to make is a mismatch with its reason, not an outage', async () => {
    const error = await failureOf(
      ensureTopics({
        ...options(),
        topics: [describeTopic({ name: uniqueTopic('replicas') })],
        create: true,
        replication: 5,
      }),
    );
    expect(error.code).toBe('TOPIC_MISMATCH');
    expect(error.message).toContain('could not be created');
  });

  test('a cluster that does not answer is KAFKA_UNAVAILABLE with its address', async () => {
    const error = await failureOf(
      ensureTopics({ ...options(), brokers: ['127.0.0.1:1'], topics: [describeTopic({ name: 'any' })] }),
    );
    expect(error.code).toBe('KAFKA_UNAVAILABLE');
    expect(error.message).toContain('127.0.0.1:1');
  });
});
