import {
  type fetchV17,
  type Reader,
  Reader as ReaderOf,
  type RecordsBatch,
  readKnownTaggedFields,
  readRecordsBatch,
} from '@platformatic/kafka';

export type FetchResponsePartition = Omit<fetchV17.FetchResponsePartition, 'records'> & {
  readonly records: readonly FetchedBatch[] | null;
};

export interface FetchResponse {
  readonly errorCode: number;
  readonly responses: readonly { readonly partitions: readonly FetchResponsePartition[] }[];
}

/** A batch; without records, and with the reason, where they could not be decoded. */
export interface FetchedBatch extends RecordsBatch {
  readonly undecodable?: string;
}

/**
 * Reads the answer to a fetch, versions 13 to 17, which differ in tagged fields alone. As the client library's own
 * function does, but for a batch that cannot be decoded: there the library rejects the whole answer, all partitions of
 * the broker with it, and would do so at each attempt. Here only that batch has no records (S23).
 */
export const parseFetchResponse = (reader: Reader): FetchResponse => {
  reader.readInt32(); // Milliseconds that the broker throttled us.
  const errorCode = reader.readInt16();
  reader.readInt32(); // Id of the fetch session: we have none.
  const responses = reader.readArray((topic) => {
    topic.readUUID();
    return { partitions: topic.readArray(readPartition, true, false) };
  });
  return { errorCode, responses };
};

const readPartition = (reader: Reader): FetchResponsePartition => {
  const fixed = {
    partitionIndex: reader.readInt32(),
    errorCode: reader.readInt16(),
    highWatermark: reader.readInt64(),
    lastStableOffset: reader.readInt64(),
    logStartOffset: reader.readInt64(),
    abortedTransactions: reader.readNullableArray((aborted) => ({
      producerId: aborted.readInt64(),
      firstOffset: aborted.readInt64(),
    })),
    preferredReadReplica: reader.readInt32(),
    records: readBatches(reader),
  };
  let divergingEpoch = { epoch: -1, endOffset: -1n };
  readKnownTaggedFields(reader, {
    0: (field) => {
      divergingEpoch = { epoch: field.readInt32(), endOffset: field.readInt64() };
    },
  });
  return { ...fixed, divergingEpoch };
};

/** First offset and length, which stand before what the length counts. */
const headBytes = 12;
/** From the start of a batch: leader epoch, attributes, last offset delta, producer id (KIP-98). */
const at = { leaderEpoch: 12, magic: 16, attributes: 21, lastOffsetDelta: 23, producerId: 43 } as const;
const currentMagic = 2;

/** COMPACT_RECORDS: the size plus one, 0 for none, then the batches; the last may be cut off. */
const readBatches = (reader: Reader): FetchedBatch[] | null => {
  const size = reader.readUnsignedVarInt() - 1;
  if (size < 0) return null;
  const bytes = reader.buffer.subarray(reader.position, reader.position + size);
  reader.skip(size);
  const batches: FetchedBatch[] = [];
  const whole = ReaderOf.from(bytes);
  for (let start = 0; size - start >= headBytes; ) {
    const end = start + headBytes + whole.peekInt32(start + 8);
    if (end > size || end <= start) break;
    batches.push(readBatch(ReaderOf.from(bytes.subarray(start, end))));
    start = end;
  }
  return batches;
};

const readBatch = (reader: Reader): FetchedBatch => {
  try {
    return readRecordsBatch(reader);
  } catch (error) {
    reader.position = 0;
    return undecodable(reader, error instanceof Error ? error.message : String(error));
  }
};

/** What the position needs stands before the records, and is never compressed. */
const undecodable = (reader: Reader, reason: string): FetchedBatch => ({
  firstOffset: reader.peekInt64(0),
  length: reader.peekInt32(8),
  partitionLeaderEpoch: reader.peekInt32(at.leaderEpoch),
  magic: reader.peekInt8(at.magic),
  crc: 0,
  attributes: reader.peekInt16(at.attributes),
  // In formats before KIP-98 it stands elsewhere; a batch has one record then, or is followed by the next.
  lastOffsetDelta: reader.peekInt8(at.magic) === currentMagic ? reader.peekInt32(at.lastOffsetDelta) : 0,
  firstTimestamp: 0n,
  maxTimestamp: 0n,
  producerId: reader.peekInt64(at.producerId),
  producerEpoch: 0,
  firstSequence: 0,
  records: [],
  undecodable: reason,
});
