/** Reads the frames that a server sends (RFC 6455), as cheaply as counting them allows. Servers mask nothing. */
export class FrameReader {
  #rest: Buffer | null = null;
  readonly #onFrame: OnFrame;

  constructor(onFrame: OnFrame) {
    this.#onFrame = onFrame;
  }

  /** Takes the first `count` bytes of memory that the next read may overwrite: what is no whole frame yet is copied. */
  read(memory: Buffer, count = memory.length): void {
    const bytes = this.#rest === null ? memory : Buffer.concat([this.#rest, memory.subarray(0, count)]);
    const available = this.#rest === null ? count : bytes.length;
    let at = 0;
    while (available - at >= 2) {
      let length = (bytes[at + 1] ?? 0) & 0x7f;
      let start = at + 2;
      if (length === 126) {
        if (available - at < 4) break;
        length = bytes.readUInt16BE(at + 2);
        start = at + 4;
      } else if (length === 127) {
        if (available - at < 10) break;
        length = Number(bytes.readBigUInt64BE(at + 2));
        start = at + 10;
      }
      if (available - start < length) break;
      this.#onFrame((bytes[at] ?? 0) & 0x0f, bytes, start, start + length);
      at = start + length;
    }
    this.#rest = at === available ? null : Buffer.from(bytes.subarray(at, available));
  }
}

/** Given the opcode, and where in `bytes` the payload is. */
export type OnFrame = (opcode: number, bytes: Buffer, start: number, end: number) => void;

export const opcodes = { text: 1, close: 8, ping: 9, pong: 10 } as const;

/** A frame as clients send it. The mask is zero, which servers must accept and which saves the masking. */
export const clientFrame = (opcode: number, payload: Buffer): Buffer => {
  const extra = payload.length < 126 ? 0 : 2;
  const head = Buffer.alloc(2 + extra + 4);
  head[0] = 0x80 | opcode;
  head[1] = 0x80 | (extra === 0 ? payload.length : 126);
  if (extra === 2) head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
};
