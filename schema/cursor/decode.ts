import { crc32 } from 'node:zlib';
import { TributaryError } from '../errors.ts';
import type { Position } from '../position.ts';
import type { Cursor } from './cursor.ts';
import {
  checksumBytes,
  cursorVersion,
  flags,
  knownFlags,
  maximumCursorLength,
  maximumEpoch,
  maximumIdBytes,
  maximumPartitions,
} from './format.ts';
import { VarintReader } from './varint.ts';

/**
 * Reads a cursor that a client sent. Throws CURSOR_INVALID, and nothing else, for text that `encodeCursor` did not make;
 * the work is bounded by the length, and the length by 64 KB.
 */
export const decodeCursor = (text: string): Cursor => {
  try {
    return readCursor(checkedBytes(text));
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
    throw new TributaryError(
      'CURSOR_INVALID',
      `The cursor cannot be read: ${error.message}. Subscribe without it, or from EARLIEST, LATEST or a time.`,
      { cause: error },
    );
  }
};

const checkedBytes = (text: string): Buffer => {
  if (text === '') throw new RangeError('it is empty');
  if (text.length > maximumCursorLength) {
    throw new RangeError(`it is longer than ${maximumCursorLength} characters`);
  }
  const bytes = Buffer.from(text, 'base64url');
  // Node's decoder skips what it does not know; only text that comes out again was made by us.
  if (bytes.toString('base64url') !== text) throw new RangeError('it is not base64url');
  if (bytes[0] !== cursorVersion) throw new RangeError(`it has the unknown version ${bytes[0]}`);
  const end = bytes.length - checksumBytes;
  if (end < 2) throw new RangeError('it ends too early');
  if (crc32(bytes.subarray(0, end)) !== bytes.readUInt32BE(end)) throw new RangeError('it is damaged');
  return bytes.subarray(0, end);
};

const readCursor = (bytes: Buffer): Cursor => {
  const has = bytes[1] ?? 0;
  if ((has & ~knownFlags) !== 0) throw new RangeError('it has unknown flags');
  const reader = new VarintReader(bytes, 2);
  const cursor: Cursor = {
    clusterId: readId(reader, (has & flags.clusterIsUuid) !== 0),
    topicId: readId(reader, (has & flags.topicIsUuid) !== 0),
    filterHash: Buffer.from(reader.take(4)).readUInt32BE(),
    time: reader.next(),
    position: readPosition(reader),
    epochs: readEpochs(reader),
    snapshotUntil: (has & flags.snapshot) !== 0 ? readPosition(reader) : null,
  };
  if (reader.offset !== bytes.length) throw new RangeError('it has bytes behind its end');
  return cursor;
};

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const readId = (reader: VarintReader, isUuid: boolean): string => {
  if (isUuid) return Buffer.from(reader.take(16)).toString('base64url');
  const length = reader.next();
  if (length > maximumIdBytes) throw new RangeError('an id in it is too long');
  return utf8.decode(reader.take(length));
};

const readCount = (reader: VarintReader): number => {
  const count = reader.next();
  if (count > maximumPartitions) throw new RangeError(`it has more than ${maximumPartitions} partitions`);
  return count;
};

const readPosition = (reader: VarintReader): Position =>
  Array.from({ length: readCount(reader) }, () => reader.next());

const readEpochs = (reader: VarintReader): readonly number[] => {
  const count = readCount(reader);
  const epochs: number[] = [];
  while (epochs.length < count) {
    const run = reader.next();
    const epoch = reader.next() - 1;
    if (run === 0 || epochs.length + run > count) throw new RangeError('its epochs do not add up');
    if (epoch > maximumEpoch) throw new RangeError('an epoch in it is too large');
    for (let index = 0; index < run; index += 1) epochs.push(epoch);
  }
  return epochs;
};
