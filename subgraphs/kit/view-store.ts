import { join } from 'node:path';
import type { Logger } from 'pino';
import type { TopicDescription } from '../../schema/description.ts';
import { createDecoder } from './decode/decoder.ts';
import type { Topic } from './kafka/topic.ts';
import type { QueryShape } from './view/query-shapes.ts';
import type { RedisConnection } from './view/redis/connection.ts';
import type { ViewSource } from './view/redis/source.ts';
import { openSqliteView } from './view/sqlite.ts';
import type { View } from './view/view.ts';

/** Views that replicas of a subgraph share (S27). */
export interface SharedViews {
  /** `redis://user:password@host:6379/0`, `rediss://` for TLS; several nodes of a cluster separated by commas. */
  readonly redis: string;
}

export interface ViewStoreOptions {
  /** Of the subgraph. */
  readonly name: string;
  readonly dataDirectory: string;
  readonly views?: SharedViews;
  readonly log: Logger;
}

export interface ViewRequest {
  readonly topic: Topic;
  readonly description: TopicDescription;
  readonly queries: readonly QueryShape[];
  readonly tombstoneRetentionMs: number;
}

/** Opens the views of a process: each in a file of its own, or all in one Redis. */
export class ViewStore {
  readonly #options: ViewStoreOptions;
  readonly #redis: RedisConnection | null;

  /** Rejects with CONFIGURATION_INVALID for a Redis that cannot hold views, with VIEW_NOT_READY for one that is away. */
  static async open(options: ViewStoreOptions): Promise<ViewStore> {
    const { views, log } = options;
    if (views === undefined) return new ViewStore(options, null);
    // Loaded where it is used: most processes have their views in files.
    const { connectRedis } = await import('./view/redis/connection.ts');
    return new ViewStore(options, await connectRedis({ url: views.redis, log }));
  }

  private constructor(options: ViewStoreOptions, redis: RedisConnection | null) {
    this.#options = options;
    this.#redis = redis;
  }

  async view(request: ViewRequest): Promise<View> {
    const { topic, description, queries, tombstoneRetentionMs } = request;
    const { name, dataDirectory, log } = this.#options;
    const identity = { clusterId: topic.clusterId, topicId: topic.topicId };
    const shared = { description, queries, identity, tombstoneRetentionMs, log };
    if (this.#redis === null) {
      return openSqliteView({ ...shared, directory: join(dataDirectory, 'views', name) });
    }
    const { partitions } = topic;
    const { openRedisView } = await import('./view/redis/redis-view.ts');
    return openRedisView({
      ...shared,
      connection: this.#redis,
      partitions,
      source: sourceOf(topic, description),
    });
  }

  /** To be called when the views are closed. */
  async close(): Promise<void> {
    await this.#redis?.close();
  }
}

/** The topic as a view reads it again. What cannot be decoded had its dead letter when it was first read. */
const sourceOf = (topic: Topic, description: TopicDescription): ViewSource => {
  const decode = createDecoder(description);
  return {
    latest: () => topic.latest(),
    async *replay(partition, from, until, signal) {
      const earliest = (await topic.earliest())[partition] ?? 0;
      const only = (next: number) =>
        Array.from({ length: partition + 1 }, (_, p) => (p === partition ? next : 0));
      if (earliest >= until) return;
      for await (const { records, next, leaderEpoch } of topic.readRange(
        only(Math.max(from, earliest)),
        only(until),
        signal,
      )) {
        yield {
          partition,
          records: records.map((record) => decode(record, partition).record),
          next,
          leaderEpoch,
        };
      }
    },
  };
};
