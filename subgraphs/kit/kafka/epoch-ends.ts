import { LRUCache } from 'lru-cache';
import { TributaryError } from '../../../schema/errors.ts';
import { Backoff } from './backoff.ts';
import type { TopicMetadata } from './cluster.ts';
import { kafkaCode, nameOfCode } from './kafka-codes.ts';
import type { EpochQuery, Wire } from './wire.ts';

const deadlineMs = 5_000;
/** Least used dropped: cursors come from clients, and may name any epoch. */
const keptEnds = 20_000;

export interface EpochEndsOptions {
  readonly wire: Wire;
  readonly name: string;
  readonly topicId: string;
  readonly metadata: () => Promise<TopicMetadata>;
}

interface Known {
  /** Under which the end was told; another leader may have another end. */
  readonly leaderEpoch: number;
  readonly end: number;
}

/**
 * Where the leader epochs of a topic's partitions ended (KIP-320): the first offset with a later epoch. Records at or
 * beyond it that were read under the epoch are not in the log any more. Ends of past epochs are kept while their leader
 * stays, so that a thousand clients that come back ask once.
 */
export class EpochEnds {
  readonly #options: EpochEndsOptions;
  readonly #known = new LRUCache<string, Known>({ max: keptEnds });
  readonly #asking = new Map<string, Promise<readonly (number | null)[]>>();

  constructor(options: EpochEndsOptions) {
    this.#options = options;
  }

  /**
   * By partition, for the epochs given (−1: not asked); null where the epoch has not ended, or the leader does not know
   * it. Rejects with KAFKA_UNAVAILABLE after 5 s.
   */
  of(epochs: readonly number[]): Promise<readonly (number | null)[]> {
    if (epochs.every((epoch) => epoch < 0)) return Promise.resolve([]);
    const key = epochs.join();
    const asking = this.#asking.get(key) ?? this.#ask(epochs).finally(() => this.#asking.delete(key));
    this.#asking.set(key, asking);
    return asking;
  }

  async #ask(epochs: readonly number[]): Promise<readonly (number | null)[]> {
    const backoff = new Backoff(50, 1_000);
    const late = AbortSignal.timeout(deadlineMs);
    for (;;) {
      try {
        return await this.#askOnce(epochs);
      } catch (error) {
        if (late.aborted) {
          throw new TributaryError(
            'KAFKA_UNAVAILABLE',
            `Whether topic ${this.#options.name} was truncated could not be asked within ${deadlineMs} ms. Check that the cluster runs.`,
            { cause: error },
          );
        }
      }
      await backoff.pause(late);
    }
  }

  async #askOnce(epochs: readonly number[]): Promise<readonly (number | null)[]> {
    const { name, topicId, metadata, wire } = this.#options;
    const { topic, brokers } = await metadata();
    if (topic?.id !== topicId)
      throw new Error(`The broker does not know topic ${name} with the id ${topicId}.`);
    const byLeader = new Map<number, EpochQuery[]>();
    for (const [partition, { node, epoch }] of topic.partitions.entries()) {
      const asked = epochs[partition] ?? -1;
      if (asked < 0 || asked >= epoch || this.#end(partition, asked, epoch) !== null) continue;
      const queries = byLeader.get(node) ?? [];
      queries.push({ partition, currentLeaderEpoch: epoch, leaderEpoch: asked });
      byLeader.set(node, queries);
    }
    await Promise.all(
      Array.from(byLeader, async ([node, queries]) => {
        const broker = brokers.get(node);
        if (broker === undefined) throw new Error(`A partition of ${name} has no leader.`);
        const answer = await wire.epochEnds(broker, name, queries);
        for (const found of answer.topics.flatMap(({ partitions }) => partitions)) {
          if (found.errorCode !== kafkaCode.none)
            throw new Error(`Kafka answers ${nameOfCode(found.errorCode)}.`);
          const query = queries.find(({ partition }) => partition === found.partition);
          if (query !== undefined) this.#keep(query, Number(found.endOffset));
        }
      }),
    );
    return topic.partitions.map(({ epoch }, partition) =>
      this.#end(partition, epochs[partition] ?? -1, epoch),
    );
  }

  #keep({ partition, leaderEpoch: epoch, currentLeaderEpoch }: EpochQuery, end: number): void {
    // A leader that knows no later epoch answers −1.
    const known = { leaderEpoch: currentLeaderEpoch, end: end < 0 ? Number.POSITIVE_INFINITY : end };
    this.#known.set(`${partition}/${epoch}`, known);
  }

  #end(partition: number, epoch: number, leaderEpoch: number): number | null {
    const known = this.#known.get(`${partition}/${epoch}`);
    return known?.leaderEpoch === leaderEpoch ? known.end : null;
  }
}
