import type { Broker } from '@platformatic/kafka';
import type { Logger } from 'pino';
import { nextOffset, type Position } from '../../../schema/position.ts';
import type { RawBatch } from '../records.ts';
import { Backoff } from './backoff.ts';
import type { Leader, TopicMetadata } from './cluster.ts';
import type { FetchResponse, FetchResponsePartition } from './fetch-answer.ts';
import { type FetchLoopHost, type FetchPlan, runFetchLoop } from './fetch-loop.ts';
import type { FetchWire } from './fetch-wire.ts';
import { readFetchedPartition } from './fetched-partition.ts';
import { type HeldBack, StableOffsets } from './held-back.ts';
import { isPassing, kafkaCode, nameOfCode } from './kafka-codes.ts';
import { MetadataKeeper } from './metadata-keeper.ts';
import { Outages } from './outages.ts';
import { PartitionQueue } from './partition-queue.ts';
import { Signal } from './signal.ts';
import type { Reader, ReaderSink } from './topic.ts';

/** A broker may lag behind the controller, so only this many answers in a row, over a second or more, mean that a topic is gone. */
const unknownAnswersUntilGone = 20;
const smallestShare = 64 * 1024;
const largestPartitionFetch = 1024 * 1024;

export interface TopicReaderOptions {
  readonly name: string;
  readonly topicId: string;
  readonly from: Position;
  /** Leader epochs of the records before `from`, −1 or not there where unknown. */
  readonly epochs: readonly number[];
  /** Where to end (exclusive), partition by partition; null: never. */
  readonly until: Position | null;
  readonly sink: ReaderSink;
  /** Bytes handed over and not yet taken, of all partitions together (at least 64 KB each). */
  readonly bufferBytes: number;
  /** Closed with the reader. */
  readonly wire: FetchWire;
  readonly metadata: () => Promise<TopicMetadata>;
  readonly bounds: (partition: number) => Promise<{ logStart: number; end: number }>;
  readonly log: Logger | undefined;
}

/**
 * Reads all partitions of a topic without a group: one fetch loop a leader, one queue a partition, fresh metadata every
 * 5 s and whenever an answer says that it is stale. Positions are its own, so a new leader goes on where the old one was.
 */
export class TopicReader implements Reader, FetchLoopHost {
  readonly done: Promise<void>;
  readonly stats = { fetches: 0, records: 0, bytes: 0, metadataRefreshes: 0 };
  readonly changed = new Signal();
  readonly epochs: number[] = [];
  readonly #stable = new StableOffsets();
  readonly #options: TopicReaderOptions;
  readonly #outages: Outages;
  readonly #stopping = new AbortController();
  readonly #ended = Promise.withResolvers<void>();
  readonly #metadata: MetadataKeeper;
  readonly #loops = new Map<number, Promise<void>>();
  readonly #queues: PartitionQueue[] = [];
  #brokers: ReadonlyMap<number, Broker> = new Map();
  #leaders: readonly Leader[] = [];
  #unknownAnswers = 0;

  constructor(options: TopicReaderOptions) {
    this.#options = options;
    this.#outages = new Outages(`Reader of ${options.name}`, options.log);
    this.#metadata = new MetadataKeeper({
      signal: this.signal,
      read: options.metadata,
      apply: (metadata) => this.#apply(metadata),
      outages: this.#outages,
    });
    this.done = this.#ended.promise;
    // Who does not look at `done` finds the error in the log.
    this.done.catch(() => undefined);
  }

  get wire(): FetchWire {
    return this.#options.wire;
  }

  get topicId(): string {
    return this.#options.topicId;
  }

  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  get connected(): boolean {
    return this.#outages.connected;
  }

  get position(): Position {
    return this.#queues.map((queue) => queue.position);
  }

  get lag(): number | null {
    let lag = 0;
    for (const { lastStableOffset, position } of this.#queues) {
      if (lastStableOffset === null) return null;
      lag += Math.max(0, lastStableOffset - position);
    }
    return lag;
  }

  get heldBack(): HeldBack | null {
    return this.#stable.worst(Date.now());
  }

  start(metadata: TopicMetadata): void {
    this.#apply(metadata);
    void this.#metadata.run();
    this.#endWhenFinished();
  }

  async stop(): Promise<void> {
    await this.#end(() => this.#ended.resolve());
  }

  /** Ends once: no fetch, no batch after it; settles when the sink has finished what it was given. */
  async #end(settle: () => void): Promise<void> {
    if (!this.signal.aborted) {
      this.#stopping.abort();
      for (const queue of this.#queues) queue.clear();
      this.wire.close();
      this.changed.notify();
    }
    await Promise.all([...this.#loops.values(), ...this.#queues.map((queue) => queue.idle())]);
    settle();
  }

  #fail(error: unknown): void {
    if (this.signal.aborted) return;
    this.#options.log?.error({ err: error }, `Reader of ${this.#options.name} ended`);
    void this.#end(() => this.#ended.reject(error));
  }

  // Metadata

  #apply({ brokers, topic }: TopicMetadata): void {
    this.stats.metadataRefreshes += 1;
    if (topic === null) {
      this.#unknownAnswers += 1;
      if (this.#unknownAnswers < unknownAnswersUntilGone) this.#metadata.want();
      else this.#recreated(null);
      return;
    }
    this.#unknownAnswers = 0;
    if (topic.id !== this.topicId) {
      this.#recreated(topic.id);
      return;
    }
    this.#brokers = brokers;
    this.#leaders = topic.partitions;
    this.#addPartitions(topic.partitions.length);
    for (const queue of this.#queues) queue.holds.delete('metadata');
    this.#startLoops();
    this.changed.notify();
  }

  #addPartitions(count: number): void {
    const { from, epochs, until } = this.#options;
    const wanted = until === null ? count : Math.min(count, until.length);
    for (let partition = this.#queues.length; partition < wanted; partition += 1) {
      this.epochs[partition] = -1;
      this.#queues.push(
        new PartitionQueue({
          partition,
          next: nextOffset(from, partition),
          leaderEpoch: epochs[partition] ?? -1,
          deliver: (batch) => this.#deliver(batch),
          onTaken: () => this.#taken(),
        }),
      );
    }
  }

  #startLoops(): void {
    const leaderless = this.#leaders.some(({ node }) => node < 0);
    if (leaderless) this.#outages.begin('leader', new Error('A partition has no leader.'));
    else this.#outages.end('leader');
    for (const { node } of this.#leaders) {
      if (node < 0 || this.#loops.has(node)) continue;
      const loop = runFetchLoop(node, this).then(
        () => {
          this.#loops.delete(node);
          this.#outages.end(`node ${node}`);
          // Leadership may have come back while the loop was ending.
          if (!this.signal.aborted && this.plan(node).leads) this.#startLoops();
        },
        (error: unknown) => this.#fail(error),
      );
      this.#loops.set(node, loop);
    }
  }

  #recreated(now: string | null): void {
    void this.#end(() => {
      try {
        this.#options.sink.recreated({ was: this.topicId, now });
        this.#ended.resolve();
      } catch (error) {
        this.#ended.reject(error);
      }
    });
  }

  // Fetching

  broker(node: number): Broker | undefined {
    return this.#brokers.get(node);
  }

  plan(node: number): FetchPlan {
    const share = Math.max(smallestShare, Math.floor(this.#options.bufferBytes / this.#queues.length));
    const due: FetchPlan['due'][number][] = [];
    let leads = false;
    let paused = false;
    for (const queue of this.#queues) {
      const leader = this.#leaders[queue.partition];
      if (leader?.node !== node || this.#isFinished(queue)) continue;
      leads = true;
      const room = share - queue.pendingBytes;
      if (queue.holds.size > 0) continue;
      if (room < share / 2) paused = true;
      else {
        const maxBytes = Math.min(largestPartitionFetch, room);
        due.push({ queue, offset: queue.next, currentLeaderEpoch: leader.epoch, maxBytes });
      }
    }
    return { leads, paused, due };
  }

  failed(node: number, error: unknown): void {
    this.#outages.begin(`node ${node}`, error);
    this.#metadata.want();
  }

  answered(node: number, plan: FetchPlan, answer: FetchResponse): number {
    if (answer.errorCode !== kafkaCode.none) throw new Error(`Fetch: ${nameOfCode(answer.errorCode)}.`);
    this.#outages.end(`node ${node}`);
    this.stats.fetches += 1;
    const before = this.stats.bytes;
    const partitions = answer.responses.flatMap((topic) => topic.partitions);
    const byPartition = new Map(partitions.map((partition) => [partition.partitionIndex, partition]));
    for (const { queue, offset, currentLeaderEpoch } of plan.due) {
      const partition = byPartition.get(queue.partition);
      // Another leader may have answered meanwhile: what was asked from elsewhere is stale.
      const isStale = queue.next !== offset || this.#leaders[queue.partition]?.node !== node;
      if (partition !== undefined && !isStale && queue.holds.size === 0)
        this.#take(queue, partition, currentLeaderEpoch);
    }
    return this.stats.bytes - before;
  }

  #take(queue: PartitionQueue, answer: FetchResponsePartition, leaderEpoch: number): void {
    const part = `partition ${queue.partition}`;
    const { errorCode, divergingEpoch } = answer;
    if (errorCode === kafkaCode.offsetOutOfRange) {
      void this.#decide(queue, null);
    } else if (errorCode !== kafkaCode.none) {
      if (!isPassing(errorCode)) this.#outages.begin(part, new Error(`Kafka: ${nameOfCode(errorCode)}.`));
      queue.holds.add('metadata');
      this.#metadata.want();
    } else if (divergingEpoch !== undefined && divergingEpoch.epoch >= 0) {
      void this.#decide(queue, Number(divergingEpoch.endOffset));
    } else {
      this.#outages.end(part);
      this.epochs[queue.partition] = leaderEpoch;
      this.#push(queue, answer);
    }
  }

  #push(queue: PartitionQueue, answer: FetchResponsePartition): void {
    const fetched = readFetchedPartition(answer, queue.next);
    const lastStableOffset = Number(answer.lastStableOffset);
    const until = this.#until(queue);
    queue.lastStableOffset = lastStableOffset;
    this.#stable.observe(queue.partition, Number(answer.highWatermark), lastStableOffset, Date.now());
    if (fetched.next === queue.next) return;
    queue.leaderEpoch = fetched.leaderEpoch;
    this.stats.records += fetched.records.length;
    this.stats.bytes += fetched.bytes;
    const batch = {
      partition: queue.partition,
      records:
        fetched.next <= until ? fetched.records : fetched.records.filter(({ offset }) => offset < until),
      undecodable: fetched.undecodable.filter(({ from }) => from < until),
      next: Math.min(fetched.next, until),
      leaderEpoch: queue.leaderEpoch,
      lastStableOffset,
      highWatermark: Number(answer.highWatermark),
      logStartOffset: Number(answer.logStartOffset),
    };
    queue.push({ batch, bytes: fetched.bytes });
  }

  /** The position is not in the log: the sink says where to go on, after it has taken what came before. */
  async #decide(queue: PartitionQueue, divergedAt: number | null): Promise<void> {
    queue.holds.add('decision');
    try {
      const { logStart, end } = await this.#boundsOf(queue.partition);
      if (this.signal.aborted) return;
      const { partition, next: position } = queue;
      if (position >= logStart && position <= (divergedAt ?? end)) {
        // In range after all: the broker no longer knows the epoch that we named, as when compaction took all its records.
        queue.leaderEpoch = -1;
        queue.holds.add('metadata');
        this.#metadata.want();
      } else {
        await queue.idle();
        if (this.signal.aborted) return;
        const event = { partition, position, logStart, end: divergedAt ?? end };
        queue.restart(await this.#options.sink.outOfRange(event));
      }
      queue.holds.delete('decision');
      this.changed.notify();
    } catch (error) {
      this.#fail(error);
    }
  }

  async #boundsOf(partition: number): Promise<{ logStart: number; end: number }> {
    const backoff = new Backoff();
    for (;;) {
      try {
        return await this.#options.bounds(partition);
      } catch (error) {
        if (this.signal.aborted) throw error;
        await backoff.pause(this.signal);
      }
    }
  }

  // Delivery

  async #deliver(batch: RawBatch): Promise<void> {
    if (this.signal.aborted) return;
    try {
      await this.#options.sink.batch(batch);
    } catch (error) {
      this.#fail(error);
    }
  }

  #taken(): void {
    this.changed.notify();
    this.#endWhenFinished();
  }

  #endWhenFinished(): void {
    const { until } = this.#options;
    if (until === null || this.signal.aborted || this.#queues.length < until.length) return;
    if (this.#queues.every((queue) => this.#isFinished(queue) && !queue.busy)) void this.stop();
  }

  #isFinished(queue: PartitionQueue): boolean {
    return queue.next >= this.#until(queue);
  }

  #until(queue: PartitionQueue): number {
    const { until } = this.#options;
    return until === null ? Number.POSITIVE_INFINITY : nextOffset(until, queue.partition);
  }
}
