import { errorMappings, TributaryError } from '../../schema/errors.ts';
import type { UsageSink } from './sink.ts';

export interface OutboxCounters {
  /** Lines since the start. */
  readonly written: number;
  readonly lost: number;
  /** Lines now, those that are being written included. */
  readonly waiting: number;
}

/** pino fits. */
export interface UsageLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
}

/** Lines of one write. */
const linesPerWrite = 500;

/**
 * Lines on their way to one sink. Bounded in bytes; policy: while the sink takes none, the oldest are lost, counted, and
 * told in the log. Nobody waits for it.
 */
export class Outbox {
  readonly #sink: UsageSink;
  readonly #maximumBytes: number;
  readonly #log: UsageLog;
  #waiting: readonly string[] = [];
  #writing: readonly string[] = [];
  #flushing: Promise<void> | null = null;
  #written = 0;
  #lost = 0;
  #isStuck = false;

  constructor(sink: UsageSink, maximumBytes: number, log: UsageLog) {
    this.#sink = sink;
    this.#maximumBytes = maximumBytes;
    this.#log = log;
  }

  get name(): string {
    return this.#sink.name;
  }

  get counters(): OutboxCounters {
    const waiting = this.#waiting.length + this.#writing.length;
    return { written: this.#written, lost: this.#lost, waiting };
  }

  /** Takes lines and writes what waits. Resolves when none waits or the sink takes no more; never rejects. */
  add(lines: readonly string[]): Promise<void> {
    this.#keep([...this.#waiting, ...lines]);
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = null;
    });
    return this.#flushing;
  }

  /** What waits still is lost: nobody will write it any more. */
  abandon(): void {
    const { waiting } = this.counters;
    this.#waiting = [];
    if (waiting > 0) this.#lose(waiting, 'usage could not be written before the end; it is lost');
  }

  async #flush(): Promise<void> {
    while (this.#waiting.length > 0) {
      this.#writing = this.#waiting.slice(0, linesPerWrite);
      this.#waiting = this.#waiting.slice(linesPerWrite);
      const lines = this.#writing;
      try {
        await this.#sink.write(lines);
        this.#took(lines.length);
      } catch (err) {
        if (mayBeRetried(err)) {
          this.#stuck(err);
          this.#keep([...lines, ...this.#waiting]);
          return;
        }
        this.#lose(lines.length, 'usage could not be written; it is lost', err);
      } finally {
        this.#writing = [];
      }
    }
  }

  /** The newest that fit. */
  #keep(lines: readonly string[]): void {
    let bytes = 0;
    const isOver = (line: string): boolean => {
      bytes += Buffer.byteLength(line);
      return bytes > this.#maximumBytes;
    };
    const over = lines.findLastIndex(isOver) + 1;
    this.#waiting = lines.slice(over);
    if (over > 0) this.#lose(over, 'usage waits for too long; the oldest of it is lost');
  }

  #took(lines: number): void {
    this.#written += lines;
    if (!this.#isStuck) return;
    this.#isStuck = false;
    this.#log.info({ sink: this.name }, 'usage is written again');
  }

  /** The first of a row of failures tells enough. */
  #stuck(err: unknown): void {
    if (this.#isStuck) return;
    this.#isStuck = true;
    this.#log.warn({ err, sink: this.name }, 'usage cannot be written; it waits');
  }

  #lose(lines: number, message: string, err?: unknown): void {
    this.#lost += lines;
    this.#log.warn({ sink: this.name, lines, ...(err !== undefined && { err }) }, message);
  }
}

const mayBeRetried = (error: unknown): boolean =>
  error instanceof TributaryError && errorMappings[error.code].retryable;
