import {
  type fetchV17,
  type Reader,
  Reader as ReaderOf,
  readKnownTaggedFields,
  readRecordsBatch,
} from '@platformatic/kafka';
import { isPlainBatch, type RecordBatch, readPlainBatch } from './record-batch.ts';

export type FetchResponsePartition = Omit<fetchV17.FetchResponsePartition, 'records'> & {
  readonly records: readonly FetchedBatch[] | null;
};

export interface FetchResponse {
  readonly errorCode: number;
  readonly responses: readonly { readonly partitions: readonly FetchResponsePartition[] }[];
}

/** A batch; without records, and with the reason, where they could not be decoded. */
export type FetchedBatch = RecordBatch & { readonly undecodable?: string };

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
  const bytes = reader.buffer.slice(reader.position, reader.position + size);
  reader.skip(size);
  const batches: FetchedBatch[] = [];
  for (let start = 0; size - start >= headBytes; ) {
    const end = start + headBytes + bytes.readInt32BE(start + 8);
    if (end > size || end <= start) break;
    batches.push(readBatch(bytes.subarray(start, end)));
    start = end;
  }
  return batches;
};

const readBatch = (bytes: Buffer): FetchedBatch => {
  try {
    return isPlainBatch(bytes) ? readPlainBatch(bytes) : readRecordsBatch(ReaderOf.from(bytes));
  } catch (error) {
    return undecodable(bytes, error instanceof Error ? error.message : String(error));
  }
};

/** What the position needs stands before the records, and is never compressed. */
const undecodable = (bytes: Buffer, reason: string): FetchedBatch => {
  const magic = bytes.readInt8(at.magic);
  const isCurrent = magic === currentMagic;
  return {
    firstOffset: bytes.readBigInt64BE(0),
    length: bytes.readInt32BE(8),
    partitionLeaderEpoch: bytes.readInt32BE(at.leaderEpoch),
    magic,
    crc: 0,
    attributes: bytes.readInt16BE(at.attributes),
    // In formats before KIP-98 it stands elsewhere; a batch has one record then, or is followed by the next.
    lastOffsetDelta: isCurrent ? bytes.readInt32BE(at.lastOffsetDelta) : 0,
    firstTimestamp: 0n,
    maxTimestamp: 0n,
    producerId: bytes.readBigInt64BE(at.producerId),
    producerEpoch: 0,
    firstSequence: 0,
    records: [],
    undecodable: reason,
  };
};
