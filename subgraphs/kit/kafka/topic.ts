import type { Position } from '../../../schema/position.ts';
import type { RawBatch } from '../records.ts';
import type { HeldBack } from './held-back.ts';

/** A topic as the cluster knows it, and the ways to read it. Implemented over the raw fetch. */
export interface Topic {
  readonly name: string;
  readonly clusterId: string;
  /** Changes when the topic is deleted and made again. */
  readonly topicId: string;
  readonly partitions: number;
  /** First offset that Kafka still has, by partition. */
  earliest(): Promise<Position>;
  /** Last stable offset, by partition: what a read_committed reader can reach now. */
  latest(): Promise<Position>;
  /** First offset at or after a time; where there is none, the last stable offset. */
  at(timestampMs: number): Promise<Position>;
  /**
   * By partition, the end of a leader epoch in the log as it is now: records that were read under the epoch at or beyond
   * it are not there any more (KIP-320). −1 asks nothing; null: not ended, or unknown.
   */
  epochEnds(epochs: readonly number[]): Promise<readonly (number | null)[]>;
  /** Of all ranges that were read so far. */
  readonly rangeStats: RangeStats;
  /**
   * Reads all partitions from `from` on until stopped. One at a time per Topic. `epochs`: leader epochs under which the
   * records before `from` were read, where known; where the log no longer continues these, the sink is asked (`outOfRange`).
   */
  read(from: Position, sink: ReaderSink, epochs?: readonly number[]): Reader;
  /** Reads `from` ≤ offset < `until` once, on a connection of its own (S22). Ends when `until` is reached in every partition. */
  readRange(from: Position, until: Position, signal: AbortSignal): AsyncIterable<RawBatch>;
  close(): Promise<void>;
}

export interface ReaderSink {
  /**
   * Takes a batch; batches of one partition come in order. The reader goes on fetching while it works, up to a bound
   * of bytes that are not yet taken. A rejection ends the reader with that error.
   */
  batch(batch: RawBatch): Promise<void>;
  /** A position below the log start (retention), or a truncated log: never reset in silence (S11). The sink decides where to go on. */
  outOfRange(event: { partition: number; position: number; logStart: number; end: number }): Promise<number>;
  /** The topic was deleted and made again, or is gone; the reader has ended. */
  recreated(event: { was: string; now: string | null }): void;
}

export interface ReaderStats {
  /** Fetch requests that were answered. */
  readonly fetches: number;
  readonly records: number;
  /** Of records, with a constant for each. */
  readonly bytes: number;
  readonly metadataRefreshes: number;
}

export interface RangeStats extends ReaderStats {
  /** Ranges since the start, and those that are being read. */
  readonly opened: number;
  readonly open: number;
}

export interface Reader {
  /** Next offsets that were handed to the sink. */
  readonly position: Position;
  /** Last stable offset minus position, summed; 0 when it is up to date. Null before the first answer of each partition. */
  readonly lag: number | null;
  /** False while a broker that it needs does not answer; it tries again for ever. */
  readonly connected: boolean;
  readonly stats: ReaderStats;
  /** Leader epoch of each partition, under which its position was last read; −1 before the first answer (S5). Kept up to date in place. */
  readonly epochs: readonly number[];
  /** What a hung transaction keeps from being read; null when there is none. */
  readonly heldBack: HeldBack | null;
  /** Rejects when the reader ended by an error of the sink; resolves after `stop()` and after `recreated`. */
  readonly done: Promise<void>;
  /** Ends fetching at once; settles when the sink has finished the batch that it works on, so do not await it in there. */
  stop(): Promise<void>;
}
