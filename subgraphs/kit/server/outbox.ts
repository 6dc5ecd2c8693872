import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';

const taken = Promise.resolve();
/** Characters that are put together at most; more than that is written before the turn ends. */
const together = 32 * 1024;

/**
 * What goes to one client. All messages of a turn of the loop leave in one system call, as one buffer: ten events for ten
 * operations of a gateway were ten calls, which woke it as often, and parts of a `writev` cost nearly as much each. The
 * frames are written here (RFC 6455, section 5.2), whole, so those of `ws` itself fall between them.
 */
export class Outbox {
  readonly #socket: WebSocket;
  readonly #raw: Duplex;
  #texts: string[] = [];
  #length = 0;
  #drained: PromiseWithResolvers<void> | null = null;

  /** `raw`: the connection below the websocket. */
  constructor(socket: WebSocket, raw: Duplex) {
    this.#socket = socket;
    this.#raw = raw;
    raw.on('drain', this.#settle).on('close', this.#settle);
  }

  /** The client is there and takes more. */
  get isWritable(): boolean {
    return this.#isOpen && !this.#raw.writableNeedDrain;
  }

  /** Sends a message; resolves as soon as the client takes more, or is gone. */
  send(text: string): Promise<void> {
    if (!this.#isOpen) return taken;
    if (this.#texts.length === 0) setImmediate(this.#flush);
    this.#texts.push(text);
    this.#length += text.length;
    if (this.#length >= together) this.#flush();
    if (!this.#raw.writableNeedDrain) return taken;
    this.#drained ??= Promise.withResolvers();
    return this.#drained.promise;
  }

  /** Closes behind what was sent. */
  close(code: number, reason: string): void {
    this.#flush();
    this.#socket.close(code, reason);
  }

  get #isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  readonly #flush = (): void => {
    const texts = this.#texts;
    if (texts.length === 0) return;
    this.#texts = [];
    this.#length = 0;
    // Nothing may follow a close frame.
    if (this.#isOpen) this.#raw.write(framed(texts));
  };

  readonly #settle = (): void => {
    this.#drained?.resolve();
    this.#drained = null;
  };
}

/** Each text as a frame of its own, unmasked and unfragmented. */
const framed = (texts: readonly string[]): Buffer => {
  const lengths = texts.map((text) => Buffer.byteLength(text));
  const bytes = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + headLength(length) + length, 0));
  let at = 0;
  for (const [index, text] of texts.entries()) {
    at = writeHead(bytes, at, lengths[index] ?? 0);
    at += bytes.write(text, at);
  }
  return bytes;
};

const headLength = (length: number): number => (length < 126 ? 2 : length < 65_536 ? 4 : 10);

const textFrame = 0x81;

const writeHead = (bytes: Buffer, at: number, length: number): number => {
  bytes[at] = textFrame;
  if (length < 126) {
    bytes[at + 1] = length;
  } else if (length < 65_536) {
    bytes[at + 1] = 126;
    bytes.writeUInt16BE(length, at + 2);
  } else {
    bytes[at + 1] = 127;
    bytes.writeBigUInt64BE(BigInt(length), at + 2);
  }
  return at + headLength(length);
};
