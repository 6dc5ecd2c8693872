import type { Logger } from 'pino';
import { TributaryError } from '../../../schema/errors.ts';
import type { Position } from '../../../schema/position.ts';
import type { RawBatch } from '../records.ts';
import { Backoff } from './backoff.ts';
import { readTopicMetadata, type TopicMetadata } from './cluster.ts';
import { EpochEnds } from './epoch-ends.ts';
import { FetchWire } from './fetch-wire.ts';
import { readOffsets } from './offsets.ts';
import type { RangeStats, Reader, ReaderSink, Topic } from './topic.ts';
import { TopicRange } from './topic-range.ts';
import { TopicReader } from './topic-reader.ts';
import { Wire } from './wire.ts';

export interface OpenTopicOptions {
  /** `host:port`; one that answers is enough. */
  readonly brokers: readonly string[];
  /** Shown in the logs and quotas of the brokers. */
  readonly clientId: string;
  readonly name: string;
  readonly log?: Logger | undefined;
  /** Bytes that a reader has fetched and its sink has not yet taken. Default 16 MB. */
  readonly bufferBytes?: number;
  /** How long to look for a broker before KAFKA_UNAVAILABLE, in milliseconds. Default 10,000. */
  readonly timeoutMs?: number;
}

const megabyte = 1024 * 1024;
const earliestOffset = -2;
const lastStableOffset = -1;

/**
 * Opens a topic for reading, without a consumer group. Rejects with KAFKA_UNAVAILABLE when no broker answers in time,
 * and with TOPIC_MISMATCH when the cluster does not have the topic.
 */
export const openTopic = async (options: OpenTopicOptions): Promise<Topic> => {
  const wire = new Wire(options);
  try {
    return new KafkaTopic(options, wire, await firstMetadata(options, wire));
  } catch (error) {
    wire.close();
    throw error;
  }
};

class KafkaTopic implements Topic {
  readonly name: string;
  readonly clusterId: string;
  readonly topicId: string;
  readonly #options: OpenTopicOptions;
  readonly #wire: Wire;
  readonly #open = new Set<{ stop(): Promise<void> }>();
  readonly #epochEnds: EpochEnds;
  readonly #asking = new Map<number, Promise<Position>>();
  readonly #ranges = new Set<TopicReader>();
  #endedRanges: RangeStats = noRanges;
  #metadata: TopicMetadata;
  #reading = false;

  constructor(options: OpenTopicOptions, wire: Wire, metadata: KnownTopic) {
    this.name = options.name;
    this.clusterId = metadata.clusterId;
    this.topicId = metadata.topic.id;
    this.#options = options;
    this.#wire = wire;
    this.#metadata = metadata;
    this.#epochEnds = new EpochEnds({
      wire,
      name: this.name,
      topicId: this.topicId,
      metadata: () => this.#refresh(),
    });
  }

  get partitions(): number {
    return this.#metadata.topic?.partitions.length ?? 0;
  }

  earliest(): Promise<Position> {
    return this.#sharedOffsets(earliestOffset);
  }

  latest(): Promise<Position> {
    return this.#offsets(lastStableOffset);
  }

  async at(timestampMs: number): Promise<Position> {
    // The end first: asked afterwards it could lie behind records that came in between, which would be skipped.
    const latest = await this.#sharedOffsets(lastStableOffset);
    const found = await this.#sharedOffsets(Math.max(0, Math.floor(timestampMs)));
    return found.map((offset, partition) => (offset < 0 ? (latest[partition] ?? 0) : offset));
  }

  epochEnds(epochs: readonly number[]): Promise<readonly (number | null)[]> {
    return this.#epochEnds.of(epochs);
  }

  get rangeStats(): RangeStats {
    const running = [...this.#ranges].reduce(plusRange, this.#endedRanges);
    return { ...running, open: this.#ranges.size };
  }

  read(from: Position, sink: ReaderSink, epochs: readonly number[] = []): Reader {
    if (this.#reading) throw new TributaryError('INTERNAL', `Topic ${this.name} is already being read.`);
    this.#reading = true;
    const reader = this.#start({ from, epochs, until: null, sink, bufferBytes: this.#options.bufferBytes });
    const end = () => {
      this.#reading = false;
    };
    reader.done.then(end, end);
    return reader;
  }

  readRange(from: Position, until: Position, signal: AbortSignal): AsyncIterable<RawBatch> {
    return {
      [Symbol.asyncIterator]: () =>
        new TopicRange({
          topic: this,
          signal,
          start: (sink) => this.#startRange(from, until, sink),
        }),
    };
  }

  #startRange(from: Position, until: Position, sink: ReaderSink): Reader {
    const reader = this.#start({ from, epochs: [], until, sink, bufferBytes: 4 * megabyte });
    this.#ranges.add(reader);
    const end = (): void => {
      this.#ranges.delete(reader);
      this.#endedRanges = plusRange(this.#endedRanges, reader);
    };
    reader.done.then(end, end);
    return reader;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open].map((reader) => reader.stop()));
    this.#wire.close();
  }

  #start(options: {
    readonly from: Position;
    readonly epochs: readonly number[];
    readonly until: Position | null;
    readonly sink: ReaderSink;
    readonly bufferBytes: number | undefined;
  }): TopicReader {
    const reader = new TopicReader({
      ...options,
      name: this.name,
      topicId: this.topicId,
      bufferBytes: options.bufferBytes ?? 16 * megabyte,
      wire: new FetchWire(this.#options),
      metadata: () => this.#refresh(),
      bounds: (partition) => this.#bounds(partition),
      log: this.#options.log,
    });
    this.#open.add(reader);
    const forget = () => this.#open.delete(reader);
    reader.done.then(forget, forget);
    reader.start(this.#metadata);
    return reader;
  }

  async #refresh(): Promise<TopicMetadata> {
    const metadata = await readTopicMetadata(this.#wire, this.name);
    if (metadata.topic?.id === this.topicId) this.#metadata = metadata;
    return metadata;
  }

  async #bounds(partition: number): Promise<{ logStart: number; end: number }> {
    const [earliest, latest] = await Promise.all([this.earliest(), this.latest()]);
    return { logStart: earliest[partition] ?? 0, end: latest[partition] ?? 0 };
  }

  /** The answer to a question that is being asked serves those who ask it meanwhile: clients come back by the thousands. */
  #sharedOffsets(timestamp: number): Promise<Position> {
    const asking =
      this.#asking.get(timestamp) ?? this.#offsets(timestamp).finally(() => this.#asking.delete(timestamp));
    this.#asking.set(timestamp, asking);
    return asking;
  }

  #offsets(timestamp: number): Promise<Position> {
    return readOffsets({
      wire: this.#wire,
      name: this.name,
      topicId: this.topicId,
      timestamp,
      metadata: () => this.#refresh(),
    });
  }
}

const noRanges: RangeStats = { opened: 0, open: 0, fetches: 0, records: 0, bytes: 0, metadataRefreshes: 0 };

const plusRange = (sum: RangeStats, { stats }: TopicReader): RangeStats => ({
  opened: sum.opened + 1,
  open: 0,
  fetches: sum.fetches + stats.fetches,
  records: sum.records + stats.records,
  bytes: sum.bytes + stats.bytes,
  metadataRefreshes: sum.metadataRefreshes + stats.metadataRefreshes,
});

type KnownTopic = TopicMetadata & { readonly topic: NonNullable<TopicMetadata['topic']> };

/** A topic that was just made may be unknown to the broker asked for a moment, so UNKNOWN is believed only when it stays. */
const unknownIsBelievedAfterMs = 1_500;

const firstMetadata = async (options: OpenTopicOptions, wire: Wire): Promise<KnownTopic> => {
  const { name, brokers, timeoutMs = 10_000 } = options;
  const backoff = new Backoff(50, 500);
  const start = Date.now();
  const late = AbortSignal.timeout(timeoutMs);
  const closeWhenLate = () => wire.close();
  late.addEventListener('abort', closeWhenLate, { once: true });
  try {
    for (;;) {
      try {
        const metadata = await readTopicMetadata(wire, name);
        const { topic } = metadata;
        if (topic !== null && topic.partitions.length > 0) return { ...metadata, topic };
        if (Date.now() - start > Math.min(unknownIsBelievedAfterMs, timeoutMs)) {
          throw new TributaryError(
            'TOPIC_MISMATCH',
            `The cluster at ${brokers.join(', ')} has no topic ${name}. Create it, or let Tributary create it.`,
          );
        }
      } catch (error) {
        if (error instanceof TributaryError && error.code === 'TOPIC_MISMATCH') throw error;
        if (late.aborted) {
          throw new TributaryError(
            'KAFKA_UNAVAILABLE',
            `No broker at ${brokers.join(', ')} answered within ${timeoutMs} ms, so topic ${name} cannot be opened. ` +
              'Check the address, and that the cluster runs.',
            { cause: error },
          );
        }
      }
      await backoff.pause(late);
    }
  } finally {
    late.removeEventListener('abort', closeWhenLate);
  }
};
