import type { StreamDescription, TopicDescription } from '../../schema/description.ts';
import type { Topic } from './kafka/topic.ts';
import type { DecodedRecord, RawBatch, RawRecord } from './records.ts';
import type { Stream } from './stream/stream.ts';
import type { View } from './view/view.ts';

/** What subscriptions and resolvers see of a topic that this process serves. */
export interface TopicSource {
  readonly description: TopicDescription;
  readonly topic: Topic;
  readonly stream: Stream;
  /** Null for topics with cleanup DELETE. */
  readonly view: View | null;
  /** How long Kafka keeps tombstones: a compacted cursor older than that, less a margin, has expired (S11). */
  readonly tombstoneRetentionMs: number;
  /** Leader epoch under which each partition was last read, −1 where unknown (S5). */
  readonly epochs: readonly number[];
  decode(batch: RawBatch): readonly DecodedRecord[];
  decodeOne(record: RawRecord, partition: number): DecodedRecord;
  /** Resolves when every partition reached the last stable offset of the start (S28). */
  readonly ready: Promise<void>;
  readonly isReady: boolean;
}

export interface ServedStream {
  readonly description: StreamDescription;
  readonly source: TopicSource;
}
