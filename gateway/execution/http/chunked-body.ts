import { malformed } from './answer-head.ts';
import type { CollectedBytes } from './collected-bytes.ts';

/** Characters of a line between chunks, and of all lines behind the last one. */
const maximumLine = 4 * 1024;
const maximumTrailer = 16 * 1024;

const sizeLine = /^0*([0-9a-f]{1,8})(?:;[\t\x20-\x7e\x80-\xff]*)?$/i;
const trailerLine = /^(?:[!#$%&'*+.^_`|~0-9a-z-]+:[\t\x20-\x7e\x80-\xff]*)?$/i;
const lineFeed = 0x0a;

/** A body in chunks (RFC 9112, section 7.1), whatever pieces it comes in. */
export class ChunkedBody {
  /** What the next line is. */
  #next: 'SIZE' | 'DATA_END' | 'TRAILER' = 'SIZE';
  #line = '';
  #left = 0;
  #trailer = 0;

  /** Takes what begins at `from`: where the body ended, or -1 as long as it has not. Throws an Error for what is no chunk. */
  take(bytes: Buffer, from: number, into: CollectedBytes): number {
    let at = from;
    while (at < bytes.length) {
      if (this.#left > 0) {
        const to = Math.min(bytes.length, at + this.#left);
        into.add(bytes, at, to);
        this.#left -= to - at;
        at = to;
        continue;
      }
      const end = bytes.indexOf(lineFeed, at);
      const to = end === -1 ? bytes.length : end + 1;
      this.#line += bytes.toString('latin1', at, Math.min(to, at + maximumLine + 1));
      if (this.#line.length > maximumLine) throw malformed('a long line between chunks');
      at = to;
      if (end !== -1 && this.#readLine()) return at;
    }
    return -1;
  }

  /** True behind the last line. */
  #readLine(): boolean {
    if (!this.#line.endsWith('\r\n')) throw malformed('a line between chunks that has no end');
    const line = this.#line.slice(0, -2);
    this.#line = '';
    if (this.#next === 'TRAILER') {
      this.#trailer += line.length;
      if (this.#trailer > maximumTrailer) throw malformed('a long trailer');
      if (!trailerLine.test(line)) throw malformed('a trailer that is no field');
      return line === '';
    }
    if (this.#next === 'DATA_END') {
      if (line !== '') throw malformed('a chunk beyond its size');
      this.#next = 'SIZE';
      return false;
    }
    const size = sizeLine.exec(line)?.[1];
    if (size === undefined) throw malformed('a chunk without a size');
    this.#left = Number.parseInt(size, 16);
    this.#next = this.#left === 0 ? 'TRAILER' : 'DATA_END';
    return false;
  }
}
