/** Unsigned LEB128 for numbers up to 2^53, beyond the 32 bits of the bitwise operators. */

/** The most bytes that one number takes. */
export const maximumVarintBytes = 8;

/** Writes `value` at `at` and returns the offset behind it. `value` must be a safe integer ≥ 0. */
export const writeVarint = (buffer: Uint8Array, at: number, value: number): number => {
  let rest = value;
  let index = at;
  // Division is slow; all but the top bits of large offsets go the bitwise way.
  while (rest > 0x7fffffff) {
    buffer[index++] = (rest % 128) + 128;
    rest = Math.floor(rest / 128);
  }
  while (rest > 127) {
    buffer[index++] = (rest & 127) | 128;
    rest >>>= 7;
  }
  buffer[index++] = rest;
  return index;
};

/** Reads numbers one after another; throws a RangeError at the end of the bytes or beyond 2^53. */
export class VarintReader {
  readonly #bytes: Uint8Array;
  offset: number;

  constructor(bytes: Uint8Array, offset: number) {
    this.#bytes = bytes;
    this.offset = offset;
  }

  next(): number {
    let value = 0;
    let scale = 1;
    for (let read = 0; read < maximumVarintBytes; read += 1) {
      const byte = this.#bytes[this.offset];
      if (byte === undefined) throw new RangeError('it ends too early');
      this.offset += 1;
      value += (byte & 127) * scale;
      if (byte < 128) {
        if (value > Number.MAX_SAFE_INTEGER) throw new RangeError('a number in it is too large');
        return value;
      }
      scale *= 128;
    }
    throw new RangeError('a number in it is too large');
  }

  take(length: number): Uint8Array {
    const end = this.offset + length;
    if (end > this.#bytes.length) throw new RangeError('it ends too early');
    const taken = this.#bytes.subarray(this.offset, end);
    this.offset = end;
    return taken;
  }
}
