import { connect, type Socket } from 'node:net';
import { subgraphError } from '../errors.ts';
import { AnswerReader, type HttpAnswer } from './answer-reader.ts';
import type { Exchange } from './exchange.ts';

/** Bytes of one read; the buffer is used again for the next. */
const readBytes = 64 * 1024;

/** Until the system asks whether the other side is still there. */
const keepAliveDelayMs = 60_000;

export interface ConnectionOptions {
  readonly host: string;
  readonly port: number;
  readonly maximumResponseBytes: number;
  /** It waits for the next request. */
  readonly onIdle: (connection: Connection) => void;
  /** It is gone, whatever was under way on it has ended; `again` is to be sent once more. */
  readonly onClosed: (connection: Connection, again: Exchange | null) => void;
}

/** One connection to a subgraph. It carries one request at a time: a slow answer must not hold up others. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #socket: Socket;
  /** Resolves when it is gone. */
  readonly closed: Promise<void>;
  #exchange: Exchange | null = null;
  #reader: AnswerReader | null = null;
  #answers = 0;
  #error: Error | null = null;
  /** As `performance.now()`: from then on the other side may close it. */
  idleUntil = 0;

  /** Connects; requests may be sent at once. */
  constructor(options: ConnectionOptions) {
    this.#options = options;
    const { host, port } = options;
    const buffer = Buffer.allocUnsafeSlow(readBytes);
    const callback = (length: number): boolean => {
      this.#take(buffer.subarray(0, length));
      return true;
    };
    this.#socket = connect({
      host,
      port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveDelayMs,
      onread: { buffer, callback },
    });
    this.#socket.on('error', (error) => {
      this.#error = error;
      this.idleUntil = 0;
    });
    this.#socket.once('end', () => {
      this.idleUntil = 0;
    });
    this.closed = new Promise((resolve) => {
      this.#socket.once('close', () => {
        this.#end();
        resolve();
      });
    });
  }

  send(exchange: Exchange): void {
    const { name, body } = exchange.request;
    const { head, bodyBytes } = exchange.bytes;
    const { maximumResponseBytes } = this.#options;
    exchange.carrier = this;
    this.#exchange = exchange;
    this.#reader = new AnswerReader(maximumResponseBytes, () =>
      subgraphError('SUBGRAPH_FAILED', name, `answered with more than ${maximumResponseBytes} bytes.`),
    );
    // One write; what is ASCII is the same in Latin-1, which is the cheaper one.
    if (bodyBytes === body.length) {
      this.#socket.write(head + body, 'latin1');
      return;
    }
    this.#socket.cork();
    this.#socket.write(head, 'latin1');
    this.#socket.write(body, 'utf8');
    this.#socket.uncork();
  }

  /** What is under way on it gets no answer. */
  destroy(): void {
    this.idleUntil = 0;
    this.#socket.destroy();
  }

  #take(bytes: Buffer): void {
    const exchange = this.#exchange;
    // A server may say why it closes an idle connection.
    if (exchange === null || this.#reader === null) {
      this.destroy();
      return;
    }
    try {
      const answer = this.#reader.take(bytes);
      // A server that answers before it has read all may take the rest for another request.
      const isWritten = this.#socket.writableLength === 0;
      if (answer !== null) this.#settle(exchange, answer, isWritten ? this.#reader.keptMs : 0);
    } catch (error) {
      exchange.end(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #settle(exchange: Exchange, answer: HttpAnswer, keptMs: number): void {
    this.#exchange = null;
    this.#reader = null;
    this.#answers += 1;
    exchange.settle(answer);
    if (keptMs === 0) {
      this.destroy();
      return;
    }
    this.idleUntil = performance.now() + keptMs;
    this.#options.onIdle(this);
  }

  #end(): void {
    const exchange = this.#exchange;
    this.#exchange = null;
    this.#options.onClosed(this, exchange === null ? null : this.#lastOf(exchange));
  }

  /** What becomes of the exchange that was on it; not null: it is to be sent again. */
  #lastOf(exchange: Exchange): Exchange | null {
    if (exchange.settled) return null;
    const answer = this.#error === null ? this.#reader?.takeEnd() : null;
    if (answer !== null && answer !== undefined) {
      exchange.settle(answer);
      return null;
    }
    if (this.#mayRepeat(exchange)) {
      exchange.repeated = true;
      exchange.carrier = null;
      return exchange;
    }
    exchange.end(this.#error ?? new Error('The connection was closed before the answer was whole.'));
    return null;
  }

  /** A server may close an idle connection at the moment at which it gets a request, which it does not see then. */
  #mayRepeat({ request, repeated }: Exchange): boolean {
    return request.repeatable && !repeated && this.#answers > 0 && this.#reader?.begun !== true;
  }
}
