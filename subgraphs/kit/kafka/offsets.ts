import { TributaryError } from '../../../schema/errors.ts';
import type { Position } from '../../../schema/position.ts';
import { Backoff } from './backoff.ts';
import type { TopicMetadata } from './cluster.ts';
import { isPassing, kafkaCode, nameOfCode } from './kafka-codes.ts';
import type { OffsetQuery, Wire } from './wire.ts';

const deadlineMs = 10_000;

export interface OffsetsOptions {
  readonly wire: Wire;
  readonly name: string;
  readonly topicId: string;
  /** As in the ListOffsets request: −2 log start, −1 last stable offset, else milliseconds since 1970. */
  readonly timestamp: number;
  readonly metadata: () => Promise<TopicMetadata>;
}

/**
 * Offsets of all partitions, asked from their leaders; −1 where no record is at or after the time. Tries again while
 * leaders move, for at most 10 s, then KAFKA_UNAVAILABLE. A topic made again since it was opened is CURSOR_EXPIRED.
 */
export const readOffsets = async (options: OffsetsOptions): Promise<Position> => {
  const backoff = new Backoff(50, 1_000);
  const late = AbortSignal.timeout(deadlineMs);
  for (;;) {
    try {
      return await askOnce(options);
    } catch (error) {
      if (error instanceof TributaryError && error.code === 'CURSOR_EXPIRED') throw error;
      if (late.aborted) {
        throw new TributaryError(
          'KAFKA_UNAVAILABLE',
          `The offsets of topic ${options.name} could not be read within ${deadlineMs} ms. Check that the cluster runs.`,
          { cause: error },
        );
      }
    }
    await backoff.pause(late);
  }
};

const askOnce = async ({ wire, name, topicId, timestamp, metadata }: OffsetsOptions): Promise<Position> => {
  const { brokers, topic } = await metadata();
  if (topic === null) throw new Error(`The broker does not know topic ${name}.`);
  if (topic.id !== topicId) {
    throw new TributaryError('CURSOR_EXPIRED', `Topic ${name} was deleted and made again.`);
  }
  const byLeader = new Map<number, OffsetQuery[]>();
  for (const [partition, { node, epoch }] of topic.partitions.entries()) {
    const queries = byLeader.get(node) ?? [];
    queries.push({ partition, leaderEpoch: epoch });
    byLeader.set(node, queries);
  }
  const offsets = new Array<number>(topic.partitions.length).fill(0);
  await Promise.all(
    Array.from(byLeader, async ([node, queries]) => {
      const broker = brokers.get(node);
      if (broker === undefined)
        throw new Error(`Partition ${queries[0]?.partition} of ${name} has no leader.`);
      const answer = await wire.listOffsets(broker, name, queries, timestamp);
      for (const { partitionIndex, errorCode, offset } of answer.topics.flatMap(
        (found) => found.partitions,
      )) {
        if (errorCode !== kafkaCode.none) throw offsetError(name, partitionIndex, errorCode);
        offsets[partitionIndex] = Number(offset);
      }
    }),
  );
  return offsets;
};

const offsetError = (name: string, partition: number, code: number): Error => {
  const text = `Kafka answers ${nameOfCode(code)} for partition ${partition} of ${name}.`;
  return new Error(isPassing(code) ? `${text} Its leader is moving.` : text);
};
