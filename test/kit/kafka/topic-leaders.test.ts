import { expect, test } from 'vitest';
import { untilLed } from '../../../subgraphs/kit/kafka/topic-leaders.ts';

/** Answers in the order given: a type of error, or null for metadata. */
const adminOf = (...answers: (string | null)[]) => {
  const asked: unknown[] = [];
  const fetchTopicMetadata = async (options?: unknown): Promise<{ topics: [] }> => {
    asked.push(options);
    const type = answers.shift() ?? null;
    if (type !== null) throw Object.assign(new Error(type), { type });
    return { topics: [] };
  };
  return { asked, fetchTopicMetadata };
};
const never = new AbortController().signal;

test('a broker that has not heard of a new topic, or of its leaders, is asked again', async () => {
  const admin = adminOf('UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE', null);
  await untilLed(admin, ['a', 'b'], never);
  expect(admin.asked).toEqual(Array(3).fill({ topics: ['a', 'b'] }));
});

test('anything else is told at once', async () => {
  const admin = adminOf('TOPIC_AUTHORIZATION_FAILED');
  await expect(untilLed(admin, ['a'], never)).rejects.toThrow('TOPIC_AUTHORIZATION_FAILED');
});

test('it does not wait beyond its deadline', async () => {
  const admin = adminOf(...Array(1_000).fill('UNKNOWN_TOPIC_OR_PARTITION'));
  await expect(untilLed(admin, ['a'], AbortSignal.abort())).rejects.toThrow('aborted');
});
