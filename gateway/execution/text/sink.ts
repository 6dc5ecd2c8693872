import { constants } from 'node:buffer';

/** Bytes, and the same four at a time: a copy of a few dozen bytes by `Buffer.copy` costs twice as much as by a loop. */
export interface Text {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

export const viewOf = ({ buffer, byteOffset, length }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, length);

export const textOf = (text: string): Text => {
  const bytes = Buffer.from(text);
  return { bytes, view: viewOf(bytes) };
};

/** Memory of larger ones is not kept. */
const maximumSpare = 1024 * 1024;

/**
 * Of the last sink that was done, for the next one: memory of its own for each answer of 100 KB made V8 collect all of the
 * heap several times a second.
 */
let spare: Buffer | null = null;

const gone = Buffer.alloc(0);

/** Takes pieces of texts, one behind the other. */
export class Sink {
  #bytes: Buffer;
  #view: DataView;
  #length = 0;

  /** `expected`: its size to begin with, in bytes. */
  constructor(expected: number) {
    this.#bytes =
      spare !== null && spare.length >= expected ? spare : Buffer.allocUnsafeSlow(Math.max(expected, 64));
    spare = null;
    this.#view = viewOf(this.#bytes);
  }

  get length(): number {
    return this.#length;
  }

  add({ bytes, view }: Text, from: number, to: number): void {
    let at = this.#length;
    const length = at + to - from;
    if (length > this.#bytes.length) this.#grow(length);
    const into = this.#bytes;
    const intoView = this.#view;
    let next = from;
    for (; next + 4 <= to; next += 4, at += 4) intoView.setInt32(at, view.getInt32(next, true), true);
    for (; next < to; next++, at++) into[at] = bytes[next] ?? 0;
    this.#length = length;
  }

  addAll(text: Text): void {
    this.add(text, 0, text.bytes.length);
  }

  addByte(byte: number): void {
    if (this.#length === this.#bytes.length) this.#grow(this.#length + 1);
    this.#bytes[this.#length++] = byte;
  }

  /** What was added; the sink is at its end. As Latin-1 each character is a byte, and need not be decoded. */
  text(encoding: 'utf8' | 'latin1'): string {
    const bytes = this.#bytes;
    const text = bytes.toString(encoding, 0, this.#length);
    if (bytes.length <= maximumSpare) spare = bytes;
    this.#bytes = gone;
    this.#length = 0;
    return text;
  }

  /** One entity may stand in thousands of objects: text by values has the same bound. */
  #grow(length: number): void {
    if (length > constants.MAX_STRING_LENGTH)
      throw new RangeError('The answer is longer than a text may be.');
    const bytes = Buffer.allocUnsafeSlow(Math.max(length, this.#bytes.length * 2));
    this.#bytes.copy(bytes, 0, 0, this.#length);
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
  }
}
