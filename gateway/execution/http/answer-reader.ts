import { type AnswerHead, malformed, readAnswerHead } from './answer-head.ts';
import { ChunkedBody } from './chunked-body.ts';
import { CollectedBytes } from './collected-bytes.ts';

/** What came back: any status, the whole body. */
export interface HttpAnswer {
  readonly status: number;
  readonly bytes: Buffer;
}

/** Bytes of all that may come before a body. */
const maximumHead = 64 * 1024;
const headEnd = Buffer.from('\r\n\r\n');

/** Bytes to begin with where an answer does not say its length. */
const unknownBytes = 16 * 1024;

/** Reads one answer from what a connection brings, in whatever pieces. Nothing is kept of what is handed in. */
export class AnswerReader {
  readonly #maximumBytes: number;
  readonly #tooLarge: () => Error;
  #early: Buffer | null = null;
  #head: AnswerHead | null = null;
  #body: CollectedBytes | null = null;
  #chunks: ChunkedBody | null = null;
  #answer: HttpAnswer | null = null;
  #surplus = false;

  /** Bodies of more than `maximumBytes` throw what `tooLarge` makes. */
  constructor(maximumBytes: number, tooLarge: () => Error) {
    this.#maximumBytes = maximumBytes;
    this.#tooLarge = tooLarge;
  }

  /** True as soon as anything has come. */
  get begun(): boolean {
    return this.#early !== null || this.#head !== null;
  }

  /** For a whole answer: milliseconds for which its connection may wait for the next request; 0: it is to be closed. */
  get keptMs(): number {
    return this.#surplus ? 0 : (this.#head?.keptMs ?? 0);
  }

  /** The answer, as soon as it is whole. Throws an Error for what is no HTTP. */
  take(bytes: Buffer): HttpAnswer | null {
    const from = this.#head === null ? this.#takeHead(bytes) : { bytes, at: 0 };
    return from === null || this.#head === null ? null : this.#takeBody(this.#head, from.bytes, from.at);
  }

  /** The connection has ended, in order: that may be the end of the answer. */
  takeEnd(): HttpAnswer | null {
    if (this.#answer !== null || this.#head?.body !== 'TO_END') return null;
    return this.#whole(this.#head, this.#body?.bytes() ?? Buffer.alloc(0));
  }

  /** Where the body begins; null: not there yet. */
  #takeHead(came: Buffer): { readonly bytes: Buffer; readonly at: number } | null {
    const bytes = this.#early === null ? came : Buffer.concat([this.#early, came]);
    let begin = 0;
    for (;;) {
      const end = bytes.indexOf(headEnd, begin);
      if ((end === -1 ? bytes.length : end) - begin > maximumHead)
        throw malformed('a head that is too large');
      if (end === -1) {
        this.#early = Buffer.from(bytes.subarray(begin));
        return null;
      }
      const head = readAnswerHead(bytes.toString('latin1', begin, end));
      begin = end + headEnd.length;
      if (head.status === 101) throw malformed('another protocol');
      if (head.status < 200) continue;
      this.#head = head;
      return { bytes, at: begin };
    }
  }

  #takeBody(head: AnswerHead, bytes: Buffer, at: number): HttpAnswer | null {
    if (this.#answer !== null) throw malformed('more than one answer');
    if (typeof head.body === 'number') return this.#takeCounted(head, head.body, bytes, at);
    this.#body ??= new CollectedBytes(
      Math.min(unknownBytes, this.#maximumBytes),
      this.#maximumBytes,
      this.#tooLarge,
    );
    if (head.body === 'TO_END') {
      this.#body.add(bytes, at, bytes.length);
      return null;
    }
    this.#chunks ??= new ChunkedBody();
    const end = this.#chunks.take(bytes, at, this.#body);
    if (end === -1) return null;
    this.#surplus = end < bytes.length;
    return this.#whole(head, this.#body.bytes());
  }

  #takeCounted(head: AnswerHead, length: number, bytes: Buffer, at: number): HttpAnswer | null {
    const end = at + length - (this.#body?.length ?? 0);
    if (this.#body === null && end <= bytes.length && length <= this.#maximumBytes) {
      this.#surplus = end < bytes.length;
      return this.#whole(head, Buffer.from(bytes.subarray(at, end)));
    }
    this.#body ??= new CollectedBytes(length, this.#maximumBytes, this.#tooLarge);
    this.#body.add(bytes, at, Math.min(end, bytes.length));
    if (end > bytes.length) return null;
    this.#surplus = end < bytes.length;
    return this.#whole(head, this.#body.bytes());
  }

  #whole({ status }: AnswerHead, bytes: Buffer): HttpAnswer {
    this.#answer = { status, bytes };
    return this.#answer;
  }
}
