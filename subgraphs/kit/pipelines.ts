import { join } from 'node:path';
import type { Logger } from 'pino';
import type { SubgraphDescription, TopicDescription } from '../../schema/description.ts';
import { createDeadLetters } from './decode/dead-letters.ts';
import { ensureTopics } from './kafka/admin.ts';
import { openTopic } from './kafka/open-topic.ts';
import type { Producer } from './kafka/producer.ts';
import type { Topic } from './kafka/topic.ts';
import { Pipeline } from './pipeline.ts';
import { openSqliteView } from './view/sqlite-view.ts';
import type { View } from './view/view.ts';

export interface PipelinesOptions {
  readonly description: SubgraphDescription;
  readonly kafka: { readonly brokers: readonly string[]; readonly clientId: string };
  readonly dataDirectory: string;
  readonly createTopics: boolean;
  readonly replication: number;
  readonly producer: Producer;
  readonly log: Logger;
}

/** Kafka's default of delete.retention.ms. */
const tombstoneRetentionMs = 24 * 60 * 60 * 1_000;

/** Checks what the SDL declares against the cluster, then opens a pipeline for each topic, by its type. */
export const openPipelines = async (options: PipelinesOptions): Promise<ReadonlyMap<string, Pipeline>> => {
  const { description, kafka, createTopics: create, replication, log } = options;
  await ensureTopics({ ...kafka, topics: description.topics, create, replication, log });
  const opened = await Promise.all(
    description.topics.map(async (topic) => [topic.type, await openPipeline(options, topic)] as const),
  );
  return new Map(opened);
};

const openPipeline = async (options: PipelinesOptions, description: TopicDescription): Promise<Pipeline> => {
  const { kafka, log, producer, createTopics } = options;
  const topic = await openTopic({ ...kafka, name: description.name, log });
  const view = description.cleanup === 'COMPACT' ? await openView(options, description, topic) : null;
  const deadLetters =
    description.onInvalid === 'DEAD_LETTER'
      ? createDeadLetters({ topic: description.name, producer, create: createTopics, log })
      : null;
  return Pipeline.open({ description, topic, view, tombstoneRetentionMs, keepUnreadable: deadLetters, log });
};

const openView = (
  { description: subgraph, dataDirectory, log }: PipelinesOptions,
  description: TopicDescription,
  topic: Topic,
): Promise<View> =>
  openSqliteView({
    directory: join(dataDirectory, 'views'),
    description,
    views: subgraph.views.filter((view) => view.type === description.type),
    identity: { clusterId: topic.clusterId, topicId: topic.topicId },
    tombstoneRetentionMs,
    log,
  });
