import type { RecordsBatch } from '@platformatic/kafka';

/** A record of a batch; offset and timestamp count from the batch's. */
export interface BatchRecord {
  readonly length: number;
  readonly offsetDelta: number;
  readonly timestampDelta: number | bigint;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly (readonly [Buffer | null, Buffer | null])[];
}

export type RecordBatch = Omit<RecordsBatch, 'records'> & { readonly records: readonly BatchRecord[] };

/** Of KIP-98, the newest. */
const currentMagic = 2;
const compression = 0x07;
/** Where the fields of a batch stand. */
const at = {
  length: 8,
  leaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  firstTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  firstSequence: 53,
  count: 57,
  records: 61,
} as const;

/** A batch that is not compressed, and in the format of today: its bytes are read here, all others by the client library. */
export const isPlainBatch = (bytes: Buffer): boolean =>
  bytes.length >= at.records &&
  bytes[at.magic] === currentMagic &&
  ((bytes[at.attributes + 1] ?? 0) & compression) === 0;

/**
 * Reads a plain batch. Throws where records do not fit into its bytes. Keys, values and headers are parts of `bytes`. The
 * library reads each number through three objects.
 */
export const readPlainBatch = (bytes: Buffer): RecordBatch => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const reading = new Reading(bytes, at.records);
  const records: BatchRecord[] = [];
  for (let left = view.getInt32(at.count); left > 0; left--) records.push(readRecord(reading));
  return {
    firstOffset: view.getBigInt64(0),
    length: view.getInt32(at.length),
    partitionLeaderEpoch: view.getInt32(at.leaderEpoch),
    magic: currentMagic,
    crc: view.getUint32(at.crc),
    attributes: view.getInt16(at.attributes),
    lastOffsetDelta: view.getInt32(at.lastOffsetDelta),
    firstTimestamp: view.getBigInt64(at.firstTimestamp),
    maxTimestamp: view.getBigInt64(at.maxTimestamp),
    producerId: view.getBigInt64(at.producerId),
    producerEpoch: view.getInt16(at.producerEpoch),
    firstSequence: view.getInt32(at.firstSequence),
    records,
  };
};

const noHeaders: BatchRecord['headers'] = [];

const readRecord = (reading: Reading): BatchRecord => {
  const length = reading.number();
  reading.skip(1); // Attributes: there are none yet.
  const timestampDelta = reading.number();
  const offsetDelta = reading.number();
  const key = reading.bytes();
  const value = reading.bytes();
  const count = reading.number();
  return { length, offsetDelta, timestampDelta, key, value, headers: readHeaders(reading, count) };
};

const readHeaders = (reading: Reading, count: number): BatchRecord['headers'] => {
  if (count === 0) return noHeaders;
  const headers: [Buffer | null, Buffer | null][] = [];
  for (let left = count; left > 0; left--) headers.push([reading.bytes(), reading.bytes()]);
  return headers;
};

/** The most bytes of a number of 64 bits. */
const longestNumber = 10;

class Reading {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, from: number) {
    this.#bytes = bytes;
    this.#at = from;
  }

  /** A varint, zigzag: numbers beyond 2^53 lose their last bits. */
  number(): number {
    let value = 0;
    let scale = 1;
    for (let read = 0; read < longestNumber; read++) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new RangeError('A record does not fit into its batch.');
      value += (byte & 127) * scale;
      if (byte < 128) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
      scale *= 128;
    }
    throw new RangeError('A number in a record has more than 64 bits.');
  }

  /** Null for a length of −1. */
  bytes(): Buffer | null {
    const length = this.number();
    if (length === -1) return null;
    const from = this.#at;
    this.skip(length);
    return this.#bytes.subarray(from, this.#at);
  }

  skip(length: number): void {
    this.#at += length;
    if (length < 0 || this.#at > this.#bytes.length)
      throw new RangeError('A record does not fit into its batch.');
  }
}
