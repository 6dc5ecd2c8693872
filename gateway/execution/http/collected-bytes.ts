/** Beyond it a body's buffer grows with what has come, whatever length was announced. */
const firstBytes = 1024 * 1024;

/** Bytes put together from reads whose buffer is used again, up to a bound. */
export class CollectedBytes {
  readonly #maximum: number;
  readonly #tooLarge: () => Error;
  #buffer: Buffer;
  #length = 0;

  /** Throws what `tooLarge` makes as soon as more than `maximum` are expected or have come. */
  constructor(expected: number, maximum: number, tooLarge: () => Error) {
    this.#maximum = maximum;
    this.#tooLarge = tooLarge;
    if (expected > maximum) throw tooLarge();
    this.#buffer = Buffer.allocUnsafe(Math.min(expected, firstBytes));
  }

  get length(): number {
    return this.#length;
  }

  add(bytes: Buffer, from: number, to: number): void {
    const length = this.#length + to - from;
    if (length > this.#maximum) throw this.#tooLarge();
    if (length > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, 2 * this.#buffer.length));
      this.#buffer.copy(larger, 0, 0, this.#length);
      this.#buffer = larger;
    }
    bytes.copy(this.#buffer, this.#length, from, to);
    this.#length = length;
  }

  /** What came; nothing may be added any more. */
  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }
}
