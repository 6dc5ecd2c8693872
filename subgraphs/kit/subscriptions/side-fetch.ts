import { TributaryError } from '../../../schema/errors.ts';
import type { Position } from '../../../schema/position.ts';
import { advanced, covers, laterOf, nextOffset } from '../../../schema/position.ts';
import { Signal } from '../kafka/signal.ts';
import type { DecodedRecord, RawBatch } from '../records.ts';
import { asEvent } from '../stream/event.ts';
import { FilterIndex } from '../stream/filter-index.ts';
import type { TopicSource } from '../topic-source.ts';
import type { CatchUpLimits } from './limits.ts';
import type { SeatHost, SideFetchSeat } from './side-fetch-seat.ts';
import { slowSeats } from './slow-seats.ts';

export interface SideFetchOptions {
  readonly source: TopicSource;
  readonly limits: CatchUpLimits;
  /** Others wait until a side fetch ends: clients that do not take hold nobody up for long. */
  readonly wanted: () => boolean;
  readonly onDetached: () => void;
  readonly onEnd: () => void;
}

/**
 * Reads what lies before the window once for all clients that need it (S22): a record is decoded once, and offered to
 * those whose filter may match it. It begins at the lowest position of its clients and ends at the window's start, or
 * with its last client.
 *
 * It runs at most two chunks ahead of its slowest client, which bounds its memory. A client that holds the others up is
 * detached.
 */
export class SideFetch implements SeatHost {
  readonly source: TopicSource;
  readonly #options: SideFetchOptions;
  readonly #index = new FilterIndex<SideFetchSeat>();
  readonly #seats = new Set<SideFetchSeat>();
  readonly #room = new Signal();
  readonly #stop = new AbortController();
  #started = false;
  /** Everything below it has been offered. */
  #reached: Position = [];
  readonly #silence: NodeJS.Timeout;
  #chunk = 0;
  #chunkRecords = 0;
  #chunkBytes = 0;

  constructor(options: SideFetchOptions) {
    this.#options = options;
    this.source = options.source;
    this.#silence = setTimeout(() => this.#silent(), options.limits.silenceMs);
  }

  get clients(): number {
    return this.#seats.size;
  }

  /** Records between where the fetch is and `from`, which a client that joins there has to see pass; null: too late. */
  distanceTo(from: Position): number | null {
    if (this.#stop.signal.aborted) return null;
    if (this.#started && !covers(from, this.#reached)) return null;
    const partitions = Math.max(from.length, this.#reached.length);
    let distance = 0;
    for (let partition = 0; partition < partitions; partition++) {
      distance += Math.abs(nextOffset(from, partition) - nextOffset(this.#reached, partition));
    }
    return distance;
  }

  /** To be called where `distanceTo` is not null. */
  add(seat: SideFetchSeat): void {
    if (!this.#started)
      this.#reached = this.#seats.size === 0 ? seat.from : lowerOf(this.#reached, seat.from);
    this.#seats.add(seat);
    this.#index.add(seat.filters, seat);
    seat.seat(this);
  }

  start(): void {
    if (this.#started) return;
    this.#started = true;
    void this.#run();
  }

  taken(): void {
    this.#room.notify();
  }

  left(seat: SideFetchSeat): void {
    if (!this.#seats.delete(seat)) return;
    this.#index.remove(seat.filters, seat);
    if (this.#seats.size === 0) this.#stop.abort();
    this.#room.notify();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    try {
      this.#finishSeats();
      // The window may have moved on meanwhile: then on to where the stream is now.
      while (!signal.aborted) {
        const target = this.source.stream.position;
        for await (const batch of this.source.topic.readRange(this.#reached, target, signal)) {
          await this.#take(batch, target);
          if (signal.aborted) break;
          this.#silence.refresh();
        }
        if (signal.aborted) break;
        this.#reached = laterOf(this.#reached, target);
        this.#finishSeats();
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      clearTimeout(this.#silence);
      this.#stop.abort();
      this.#options.onEnd();
    }
  }

  async #take(batch: RawBatch, target: Position): Promise<void> {
    const end = nextOffset(target, batch.partition);
    const { chunkRecords } = this.#options.limits;
    for (let from = 0; from < batch.records.length; from += chunkRecords) {
      const records = batch.records.slice(from, from + chunkRecords);
      for (const record of this.source.decode({ ...batch, records })) {
        if (record.offset < end) this.#offer(record);
      }
      const last = records.at(-1)?.offset ?? -1;
      this.#reached = advanced(this.#reached, batch.partition, Math.min(last + 1, end));
      await this.#closeChunk();
      if (this.#stop.signal.aborted) return;
    }
    this.#reached = advanced(this.#reached, batch.partition, Math.min(batch.next, end));
  }

  #offer(record: DecodedRecord): void {
    this.#chunkRecords++;
    this.#chunkBytes += record.bytes;
    const event = asEvent(record);
    this.#index.candidates(event.row, null, (seat) => seat.offer(event, this.#reached, this.#chunk));
  }

  async #closeChunk(): Promise<void> {
    const { chunkRecords, chunkBytes } = this.#options.limits;
    if (this.#chunkRecords < chunkRecords && this.#chunkBytes < chunkBytes) return;
    this.#chunkRecords = 0;
    this.#chunkBytes = 0;
    this.#finishSeats();
    await this.#waitForSeats();
    this.#chunk++;
  }

  /** Ends for those who have all they need: the rest is in the window, or beyond the end that they asked for. */
  #finishSeats(): void {
    const reached = this.#reached;
    const isInWindow = this.source.stream.holdsFrom(reached);
    for (const seat of [...this.#seats]) {
      const isDone = isInWindow || (seat.until !== null && covers(reached, seat.until));
      if (isDone) this.#end(seat, () => seat.finish(reached));
    }
  }

  /** Until everybody has taken what came before this chunk, or is detached. */
  async #waitForSeats(): Promise<void> {
    const since = Date.now();
    let halfAt: number | null = null;
    for (;;) {
      const behind = [...this.#seats].filter((seat) => seat.isBehind(this.#chunk));
      if (behind.length === 0) return;
      const now = Date.now();
      if (halfAt === null && behind.length * 2 <= this.#seats.size) halfAt = now;
      const { limits, wanted } = this.#options;
      for (const seat of slowSeats(behind, { now, since, halfAt, isWanted: wanted(), limits })) {
        this.#end(seat, () => seat.detach(this.#reached));
        this.#options.onDetached();
      }
      this.#silence.refresh();
      await this.#room.wait(Math.min(100, limits.patienceMs));
    }
  }

  #end(seat: SideFetchSeat, how: () => void): void {
    how();
    this.left(seat);
  }

  #fail(error: unknown): void {
    // Retention overtook somebody: each client looks for itself whether it is the one (S11).
    const isExpired = error instanceof TributaryError && error.code === 'CURSOR_EXPIRED';
    for (const seat of [...this.#seats]) {
      this.#end(seat, () => (isExpired ? seat.finish(this.#reached) : seat.fail(error)));
    }
  }

  #silent(): void {
    const seconds = this.#options.limits.silenceMs / 1000;
    const message = `Kafka gave nothing of "${this.source.topic.name}" for ${seconds} s. Try again.`;
    this.#fail(new TributaryError('KAFKA_UNAVAILABLE', message));
  }
}

const lowerOf = (a: Position, b: Position): Position =>
  Array.from({ length: Math.max(a.length, b.length) }, (_, partition) =>
    Math.min(nextOffset(a, partition), nextOffset(b, partition)),
  );
