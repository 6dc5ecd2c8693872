/** Fetches of partitions of one topic, from one broker. */
export interface FetchRequest {
  readonly maxWaitMs: number;
  readonly maxBytes: number;
  readonly topicId: string;
  readonly partitions: readonly FetchRequestPartition[];
}

export interface FetchRequestPartition {
  readonly partition: number;
  readonly currentLeaderEpoch: number;
  readonly offset: number;
  readonly lastFetchedEpoch: number;
  readonly maxBytes: number;
}

/** Newest first; the oldest is that of Kafka 3.1, the first whose fetch names topics by id. */
export const fetchVersions = { newest: 17, oldest: 13 } as const;
export const fetchKey = 1;
const apiVersionsKey = 18;

/** The last version whose requests begin with the id of the replica that asks. */
const lastWithReplica = 14;
/** In the place of a follower's id. */
const consumer = -1;
const readCommitted = 1;
/** Of all but partitions and the client's name. */
const fixedBytes = 80;
const partitionBytes = 33;

/** Length, key, version, correlation id and client id, which begin every request. */
const head = (bytes: Writing, key: number, version: number, correlation: number, clientId: string): void => {
  bytes.at = 4;
  bytes.int16(key);
  bytes.int16(version);
  bytes.int32(correlation);
  bytes.int16(Buffer.byteLength(clientId));
  bytes.text(clientId, 'utf8');
};

/** Asks which versions of which requests the broker knows, in the first version of this request, which all know. */
export const apiVersionsRequest = (clientId: string, correlation: number): Buffer => {
  const bytes = new Writing(14 + Buffer.byteLength(clientId));
  head(bytes, apiVersionsKey, 0, correlation, clientId);
  return bytes.finished();
};

/** Written in one go: the library's writer makes a buffer for each number. */
export const fetchRequest = (
  { maxWaitMs, maxBytes, topicId, partitions }: FetchRequest,
  version: number,
  clientId: string,
  correlation: number,
): Buffer => {
  const bytes = new Writing(fixedBytes + Buffer.byteLength(clientId) + partitions.length * partitionBytes);
  head(bytes, fetchKey, version, correlation, clientId);
  bytes.noTags();
  if (version <= lastWithReplica) bytes.int32(consumer);
  bytes.int32(maxWaitMs);
  bytes.int32(1);
  bytes.int32(maxBytes);
  bytes.int8(readCommitted);
  // No fetch session (KIP-227): each request lists its partitions and each answer has all of them, so no state can disagree.
  bytes.int32(0);
  bytes.int32(-1);
  bytes.count(1);
  bytes.text(topicId, 'base64url');
  bytes.count(partitions.length);
  for (const { partition, currentLeaderEpoch, offset, lastFetchedEpoch, maxBytes: share } of partitions) {
    bytes.int32(partition);
    bytes.int32(currentLeaderEpoch);
    bytes.int64(offset);
    bytes.int32(lastFetchedEpoch);
    // Where the log of a follower begins.
    bytes.int32(-1);
    bytes.int32(-1);
    bytes.int32(share);
    bytes.noTags();
  }
  bytes.noTags();
  // Nothing to forget, and no rack.
  bytes.count(0);
  bytes.count(0);
  bytes.noTags();
  return bytes.finished();
};

/** One request, from its first byte to its last. */
class Writing {
  readonly #bytes: Buffer;
  at = 0;

  constructor(atMost: number) {
    this.#bytes = Buffer.allocUnsafe(atMost);
  }

  int8(value: number): void {
    this.at = this.#bytes.writeInt8(value, this.at);
  }

  int16(value: number): void {
    this.at = this.#bytes.writeInt16BE(value, this.at);
  }

  int32(value: number): void {
    this.at = this.#bytes.writeInt32BE(value, this.at);
  }

  /** An offset: not negative. */
  int64(value: number): void {
    this.at = this.#bytes.writeUInt32BE(Math.floor(value / 2 ** 32), this.at);
    this.at = this.#bytes.writeUInt32BE(value % 2 ** 32, this.at);
  }

  /** Of a compact array or text: one more than it has, as an unsigned varint. */
  count(length: number): void {
    let rest = length + 1;
    while (rest > 127) {
      this.at = this.#bytes.writeUInt8((rest & 127) | 128, this.at);
      rest >>>= 7;
    }
    this.at = this.#bytes.writeUInt8(rest, this.at);
  }

  text(text: string, encoding: 'utf8' | 'base64url'): void {
    this.at += this.#bytes.write(text, this.at, encoding);
  }

  noTags(): void {
    this.at = this.#bytes.writeUInt8(0, this.at);
  }

  finished(): Buffer {
    this.#bytes.writeInt32BE(this.at - 4, 0);
    return this.#bytes.subarray(0, this.at);
  }
}
