import type { Logger } from 'pino';
import type { SubgraphDescription, TopicDescription } from '../../schema/description.ts';
import { nextOffset } from '../../schema/position.ts';
import { createDeadLetters } from './decode/dead-letters.ts';
import { ensureTopics, tombstoneRetentions } from './kafka/admin.ts';
import { openTopic } from './kafka/open-topic.ts';
import type { Producer } from './kafka/producer.ts';
import { Pipeline } from './pipeline.ts';
import { indexesFor } from './view/query-shapes.ts';
import type { View } from './view/view.ts';
import { type SharedViews, type ViewRequest, ViewStore } from './view-store.ts';

export interface PipelinesOptions {
  /** Of the subgraph. */
  readonly name: string;
  readonly description: SubgraphDescription;
  readonly kafka: { readonly brokers: readonly string[]; readonly clientId: string };
  readonly dataDirectory: string;
  readonly views?: SharedViews;
  readonly createTopics: boolean;
  readonly replication: number;
  readonly producer: Producer;
  readonly log: Logger;
}

/** Kafka's default of delete.retention.ms, for a topic whose setting cannot be seen. */
const defaultRetentionMs = 24 * 60 * 60 * 1_000;

export interface Pipelines extends AsyncDisposable {
  readonly byType: ReadonlyMap<string, Pipeline>;
}

/** Checks what the SDL declares against the cluster, then opens a pipeline for each topic. */
export const openPipelines = async (options: PipelinesOptions): Promise<Pipelines> => {
  const { description, kafka, createTopics: create, replication, log } = options;
  await ensureTopics({ ...kafka, topics: description.topics, create, replication, log });
  const compacted = description.topics.filter(({ cleanup }) => cleanup === 'COMPACT').map(({ name }) => name);
  const retentions = await tombstoneRetentions({ ...kafka, names: compacted, log });
  await using opened = new AsyncDisposableStack();
  const views = opened.adopt(await ViewStore.open(options), (each) => each.close());
  const byType = new Map<string, Pipeline>();
  for (const topic of description.topics) {
    const retention = retentions.get(topic.name) ?? defaultRetentionMs;
    byType.set(
      topic.type,
      opened.adopt(await openPipeline(options, views, topic, retention), (each) => each.close()),
    );
  }
  const running = opened.move();
  return { byType, [Symbol.asyncDispose]: () => running.disposeAsync() };
};

const openPipeline = async (
  options: PipelinesOptions,
  views: ViewStore,
  description: TopicDescription,
  tombstoneRetentionMs: number,
): Promise<Pipeline> => {
  const { kafka, log, producer, createTopics: create, replication } = options;
  // Closed again when what follows fails: an open view would keep its file locked and the process alive.
  await using opened = new AsyncDisposableStack();
  const topic = opened.adopt(await openTopic({ ...kafka, name: description.name, log }), (each) =>
    each.close(),
  );
  const queries = indexesFor(description, options.description.views);
  const view =
    description.cleanup === 'COMPACT'
      ? opened.adopt(await openView(views, { topic, description, queries, tombstoneRetentionMs }), (each) =>
          each.close(),
        )
      : null;
  const deadLetters =
    description.onInvalid === 'DEAD_LETTER'
      ? createDeadLetters({ ...kafka, topic: description.name, producer, create, replication, log })
      : null;
  const pipeline = await Pipeline.open({ description, topic, view, tombstoneRetentionMs, deadLetters, log });
  opened.move();
  return pipeline;
};

/** A view that holds records which Kafka lost meanwhile, in an unclean leader election, is built again (S11). */
const openView = async (views: ViewStore, request: ViewRequest): Promise<View> => {
  const view = await views.view(request);
  const ends = await request.topic.epochEnds(view.epochs);
  const truncated = ends.flatMap((end, partition) => {
    const position = nextOffset(view.position, partition);
    return end !== null && end < position ? [{ partition, end, position }] : [];
  });
  const [first] = truncated;
  if (first === undefined) return view;
  await view.discard(
    `partition ${first.partition} was truncated at ${first.end}, the view ends at ${first.position}${truncated.length > 1 ? `; so it is with ${truncated.length - 1} more` : ''}`,
    truncated.map(({ partition }) => partition),
  );
  return views.view(request);
};
