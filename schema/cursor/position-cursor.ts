import { crc32 } from 'node:zlib';
import { decodeCursor } from './decode.ts';
import { checksumBytes, flags } from './format.ts';
import { VarintReader } from './varint.ts';

const uuidBytes = 16;

/** The cursors of streams that stand at one position of a topic: they differ by their filter alone. */
export class PositionCursor {
  readonly #bytes: Buffer;
  readonly #hashAt: number;

  /** `text`: the cursor of one of them. Throws CURSOR_INVALID for what is none. */
  constructor(text: string) {
    decodeCursor(text);
    this.#bytes = Buffer.from(text, 'base64url');
    this.#hashAt = hashOffset(this.#bytes);
  }

  /** The cursor of the stream with this filter hash. Costs a third of an encoding. */
  withFilter(filterHash: number): string {
    const bytes = this.#bytes;
    bytes.writeUInt32BE(filterHash, this.#hashAt);
    const end = bytes.length - checksumBytes;
    bytes.writeUInt32BE(crc32(bytes.subarray(0, end)), end);
    return bytes.toString('base64url');
  }
}

/** Behind the version, the flags and the two ids; see format.ts. */
const hashOffset = (bytes: Buffer): number => {
  const has = bytes[1] ?? 0;
  const reader = new VarintReader(bytes, 2);
  for (const isUuid of [flags.clusterIsUuid, flags.topicIsUuid])
    reader.take((has & isUuid) === 0 ? reader.next() : uuidBytes);
  return reader.offset;
};
