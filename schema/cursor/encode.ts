import { crc32 } from 'node:zlib';
import { TributaryError } from '../errors.ts';
import type { Position } from '../position.ts';
import type { Cursor } from './cursor.ts';
import { checksumBytes, cursorVersion, flags, maximumIdBytes, maximumPartitions } from './format.ts';
import { maximumVarintBytes, writeVarint } from './varint.ts';

/** What stays the same for all events of one stream. */
export type CursorIdentity = Pick<Cursor, 'clusterId' | 'topicId' | 'filterHash'>;
/** What changes with the events. */
export type CursorProgress = Pick<Cursor, 'position' | 'epochs' | 'time' | 'snapshotUntil'>;

/**
 * Encodes the cursors of one stream. It runs once an event, so the head is made once and the buffer is kept;
 * an encoder is not for use by two at once, and a cursor once returned is a string of its own.
 */
export class CursorEncoder {
  readonly #headLength: number;
  readonly #flags: number;
  #buffer: Buffer;

  constructor(identity: CursorIdentity) {
    const cluster = idBytes(identity.clusterId);
    const topic = idBytes(identity.topicId);
    this.#flags = (cluster.isUuid ? flags.clusterIsUuid : 0) | (topic.isUuid ? flags.topicIsUuid : 0);
    const hash = Buffer.alloc(4);
    hash.writeUInt32BE(identity.filterHash);
    const head = Buffer.concat([Buffer.from([cursorVersion, 0]), cluster.bytes, topic.bytes, hash]);
    this.#headLength = head.length;
    this.#buffer = Buffer.alloc(head.length + 128);
    head.copy(this.#buffer);
  }

  /** A cursor as text (S6). Throws CURSOR_INVALID beyond 10,000 partitions. */
  encode(progress: CursorProgress): string {
    const { position, epochs, time, snapshotUntil } = progress;
    this.#reserve(4 + position.length + 2 * epochs.length + (snapshotUntil?.length ?? 0));
    const buffer = this.#buffer;
    buffer[1] = this.#flags | (snapshotUntil === null ? 0 : flags.snapshot);
    let end = writeVarint(buffer, this.#headLength, time);
    end = writePosition(buffer, end, position);
    end = writeEpochs(buffer, end, epochs);
    if (snapshotUntil !== null) end = writePosition(buffer, end, snapshotUntil);
    end = buffer.writeUInt32BE(crc32(buffer.subarray(0, end)), end);
    return buffer.toString('base64url', 0, end);
  }

  #reserve(numbers: number): void {
    const needed = this.#headLength + numbers * maximumVarintBytes + checksumBytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.alloc(needed * 2);
    this.#buffer.copy(larger, 0, 0, this.#headLength);
    this.#buffer = larger;
  }
}

/** A cursor as text (S6), for the rare case; streams keep a `CursorEncoder`. */
export const encodeCursor = (cursor: Cursor): string => new CursorEncoder(cursor).encode(cursor);

/** The bytes of an id, and whether it is a Kafka UUID. */
const idBytes = (id: string): { bytes: Buffer; isUuid: boolean } => {
  const uuid = Buffer.from(id, 'base64url');
  if (id.length === 22 && uuid.length === 16 && uuid.toString('base64url') === id) {
    return { bytes: uuid, isUuid: true };
  }
  const text = Buffer.from(id, 'utf8');
  if (text.length > maximumIdBytes) {
    throw new TributaryError('CURSOR_INVALID', `An id has ${text.length} bytes; a cursor holds at most 255.`);
  }
  const length = Buffer.alloc(maximumVarintBytes);
  return {
    bytes: Buffer.concat([length.subarray(0, writeVarint(length, 0, text.length)), text]),
    isUuid: false,
  };
};

const writePosition = (buffer: Buffer, at: number, position: Position): number => {
  refuseTooMany(position.length);
  let end = writeVarint(buffer, at, position.length);
  for (const next of position) end = writeVarint(buffer, end, next);
  return end;
};

const writeEpochs = (buffer: Buffer, at: number, epochs: readonly number[]): number => {
  refuseTooMany(epochs.length);
  let end = writeVarint(buffer, at, epochs.length);
  for (let start = 0; start < epochs.length; ) {
    const epoch = epochs[start] ?? -1;
    let behind = start + 1;
    while (behind < epochs.length && epochs[behind] === epoch) behind += 1;
    end = writeVarint(buffer, end, behind - start);
    end = writeVarint(buffer, end, epoch + 1);
    start = behind;
  }
  return end;
};

const refuseTooMany = (partitions: number): void => {
  if (partitions <= maximumPartitions) return;
  throw new TributaryError(
    'CURSOR_INVALID',
    `The topic has ${partitions} partitions; a cursor holds at most ${maximumPartitions}.`,
  );
};
