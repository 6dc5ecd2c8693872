import { isCursor } from '../../../schema/cursor/check.ts';
import { TributaryError } from '../../../schema/errors.ts';
import { isNestedTooDeep, maximumNesting } from '../../execution/nesting.ts';
import type { EventPayload, RingEntry, Stamp } from '../event.ts';

const begin = Buffer.from('{"id":"');
const middle = Buffer.from('","type":"next","payload":');
const data = Buffer.from('{"data":');
const end = Buffer.from(',"extensions":{"tributary":');
/** What stands behind it: the two objects, the payload and the message end there, so nothing else can be behind the data. */
const stampForm = /^\{"at":\[(\d{1,16}),(\d{1,16})\],"cursor":"([\w-]+)"\}\}\}\}$/;
/** Of what this form has: behind the cursor. */
const stampEnd = '"}}}}';

/** White space between two values, where it is allowed; where clients are told by lines it would end theirs. */
const lineEnds = [0x0a, 0x0d];

/** Longer ids are none of ours. */
const maximumIdLength = 32;

/** A `next` of an upstream that writes data and position only, and in this order (docs/protocol.md). */
export interface PlainNext {
  readonly id: string;
  readonly payload: PlainPayload;
  readonly stamp: Stamp;
}

const noExtensions: Readonly<Record<string, unknown>> = Object.freeze({});

/**
 * The payload of such a message, as it came: with its last brace it is what clients get, if their answer is the
 * upstream's. It is parsed when somebody asks for the data.
 */
export class PlainPayload implements EventPayload {
  readonly extensions = noExtensions;
  readonly #bytes: Buffer;
  readonly #headLength: number;
  #parsed: { readonly data?: unknown } | null = null;

  constructor(bytes: Buffer, headLength: number) {
    this.#bytes = bytes;
    this.#headLength = headLength;
  }

  /** Throws SUBGRAPH_FAILED for what is nested too deep to be worked on. */
  get data(): unknown {
    if (this.#parsed === null && isNestedTooDeep(this.#bytes)) {
      const message = `An event has more than ${maximumNesting} objects or lists within each other.`;
      throw new TributaryError('SUBGRAPH_FAILED', message);
    }
    this.#parsed ??= JSON.parse(this.#bytes.toString('utf8', 0, this.#bytes.length - 1)) as object;
    return this.#parsed.data;
  }

  /** The event for clients that get what came. Not behind a gap, which the upstream does not know of. */
  entry({ at, cursor }: Stamp): RingEntry {
    return { at, cursor, bytes: this.#bytes, headLength: this.#headLength };
  }
}

/** Null for a message of any other form. Bytes of it are copied: it lies in a block that was read from the socket. */
export const readPlainNext = (message: Buffer): PlainNext | null => {
  if (!has(message, begin, 0)) return null;
  const idEnd = message.indexOf(0x22, begin.length);
  if (idEnd === -1 || idEnd - begin.length > maximumIdLength || !has(message, middle, idEnd)) return null;
  const start = idEnd + middle.length;
  if (!has(message, data, start)) return null;
  const dataEnd = message.lastIndexOf(end);
  if (dataEnd < start || lineEnds.some((end) => message.includes(end))) return null;
  const headEnd = dataEnd + end.length;
  const found = stampForm.exec(message.toString('latin1', headEnd));
  if (found === null) return null;
  const [, partition, offset, { length } = ''] = found;
  // Of its own: a piece of the text above would keep all of that with the event.
  const cursorEnd = message.length - stampEnd.length;
  const cursor = message.toString('latin1', cursorEnd - length, cursorEnd);
  const at = [Number(partition), Number(offset)] as const;
  if (!isCursor(cursor) || !at.every(Number.isSafeInteger)) return null;
  const bytes = Buffer.allocUnsafeSlow(message.length - start);
  message.copy(bytes, 0, start);
  return {
    id: message.toString('latin1', begin.length, idEnd),
    payload: new PlainPayload(bytes, headEnd - start),
    stamp: { at, cursor, gap: false },
  };
};

const has = (message: Buffer, part: Buffer, at: number): boolean =>
  message.length >= at + part.length && message.compare(part, 0, part.length, at, at + part.length) === 0;
