import type { Broker } from '@platformatic/kafka';
import { TributaryError } from '../../../schema/errors.ts';
import { kafkaCode, nameOfCode } from './kafka-codes.ts';
import { topicIdOf } from './topic-id.ts';
import type { MetadataResponse, Wire } from './wire.ts';

/** What the cluster says of one topic. */
export interface TopicMetadata {
  readonly clusterId: string;
  readonly brokers: ReadonlyMap<number, Broker>;
  /** Null where the cluster does not know the topic. */
  readonly topic: { readonly id: string; readonly partitions: readonly Leader[] } | null;
}

/** Leader of a partition: `node` is −1 while there is none. */
export interface Leader {
  readonly node: number;
  readonly epoch: number;
}

const noLeader: Leader = { node: -1, epoch: -1 };

/** Asks one broker once. Rejects when it does not answer, or answers with an error that only concerns the moment. */
export const readTopicMetadata = async (wire: Wire, name: string): Promise<TopicMetadata> =>
  parseMetadata(await wire.metadata(name), name);

const parseMetadata = (answer: MetadataResponse, name: string): TopicMetadata => {
  const found = answer.topics.find((topic) => topic.name === name);
  const code = found?.errorCode ?? kafkaCode.unknownTopic;
  const brokers = new Map(answer.brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]));
  const clusterId = answer.clusterId ?? '';
  if (code === kafkaCode.unknownTopic || code === kafkaCode.unknownTopicId) {
    return { clusterId, brokers, topic: null };
  }
  if (found === undefined || code !== kafkaCode.none) {
    throw new TributaryError(
      'KAFKA_UNAVAILABLE',
      `The cluster answers ${nameOfCode(code)} for topic ${name}.`,
    );
  }
  const partitions: Leader[] = [];
  for (const { partitionIndex, leaderId, leaderEpoch } of found.partitions) {
    partitions[partitionIndex] = { node: leaderId, epoch: leaderEpoch };
  }
  return {
    clusterId,
    brokers,
    topic: {
      id: topicIdOf(found.topicId),
      partitions: Array.from(partitions, (leader) => leader ?? noLeader),
    },
  };
};
