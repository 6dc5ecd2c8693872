/** A record as Kafka gives it. */
export interface RawRecord {
  readonly offset: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly (readonly [Buffer | null, Buffer | null])[];
}

/** What one fetch brought of one partition: the records, and where to go on, which may lie beyond the last of them. */
export interface RawBatch {
  readonly partition: number;
  readonly records: readonly RawRecord[];
  /** What could not be decoded as a whole, so that not even its keys are known. */
  readonly undecodable: readonly UndecodableRange[];
  /** Next offset, by batch metadata: also behind control batches, aborted and compacted records (S5). */
  readonly next: number;
  readonly leaderEpoch: number;
  readonly lastStableOffset: number;
  readonly highWatermark: number;
  readonly logStartOffset: number;
}

/** A batch whose records cannot be had: `from` ≤ offset < `until`. */
export interface UndecodableRange {
  readonly from: number;
  readonly until: number;
  /** In the decoder's words. */
  readonly reason: string;
}

/** Values by field of the GraphQL type, mapped as `RecordField` says. An entity reference is its bare key. */
export type Row = Readonly<Record<string, unknown>>;

/** A record as the subgraph understands it. */
export interface DecodedRecord {
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  /** Text of the record key; null on event topics without keys. */
  readonly key: string | null;
  /** ROW: `row` is set. TOMBSTONE: a null value. UNREADABLE: it did not decode (S23). */
  readonly state: RecordState;
  readonly row: Row | null;
  /** Names the request that wrote the row (S25); not there without one. */
  readonly idempotencyKey?: string;
  /** Size of key, value and headers in Kafka; what the window counts. */
  readonly bytes: number;
}

export type RecordState = 'ROW' | 'TOMBSTONE' | 'UNREADABLE';
