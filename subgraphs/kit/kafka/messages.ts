/** A batch may be larger than what was asked for, but no broker takes one of this size; and TLS looks like a length beyond it. */
const largestMessage = 256 * 1024 * 1024;
const correlationBytes = 4;

/** Cuts what a broker sends into its messages: a length of four bytes, and so many bytes behind it. */
export class Messages {
  readonly #found: (message: Buffer) => void;
  #length = 0;
  /** Bytes of the length that have come. */
  #known = 0;
  #message: Buffer | null = null;
  #filled = 0;

  constructor(found: (message: Buffer) => void) {
    this.#found = found;
  }

  /** Copies what it keeps. Throws where the bytes are not Kafka's. */
  read(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      const message = this.#message ?? this.#begin(chunk[at++] ?? 0);
      if (message === null) continue;
      const part = chunk.subarray(at, at + message.length - this.#filled);
      message.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled < message.length) return;
      this.#message = null;
      this.#found(message);
    }
  }

  /** Takes a byte of the length; the message that it is the last of. */
  #begin(byte: number): Buffer | null {
    this.#length = this.#length * 256 + byte;
    this.#known += 1;
    if (this.#known < 4) return null;
    const length = this.#length;
    if (length < correlationBytes || length > largestMessage)
      throw new Error(`A message of ${length} bytes is none of Kafka's: does the broker want TLS?`);
    this.#known = 0;
    this.#length = 0;
    this.#filled = 0;
    this.#message = Buffer.allocUnsafe(length);
    return this.#message;
  }
}
