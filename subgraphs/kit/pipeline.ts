import type { Logger } from 'pino';
import type { TopicDescription } from '../../schema/description.ts';
import { TributaryError } from '../../schema/errors.ts';
import type { Position } from '../../schema/position.ts';
import type { DeadLetters } from './decode/dead-letters.ts';
import { createDecoder, type DecodedResult, type Decoder } from './decode/decoder.ts';
import type { HeldBack } from './kafka/held-back.ts';
import { HungTransaction } from './kafka/hung-transaction.ts';
import type { RangeStats, Reader, ReaderSink, ReaderStats, Topic } from './kafka/topic.ts';
import { cursorBytes, warnOfLongCursors } from './long-cursors.ts';
import { isPromise, type MaybePromise } from './maybe-promise.ts';
import type { DecodedRecord, RawBatch, RawRecord, UndecodableRange } from './records.ts';
import { asEvent, type StreamEvent } from './stream/event.ts';
import { Stream } from './stream/stream.ts';
import { defaultWindow } from './stream/window.ts';
import type { TopicSource } from './topic-source.ts';
import type { View, ViewChange, ViewStatus } from './view/view.ts';

export interface PipelineOptions {
  readonly description: TopicDescription;
  readonly topic: Topic;
  /** For topics with cleanup COMPACT. */
  readonly view: View | null;
  readonly tombstoneRetentionMs: number;
  /** Keep what did not decode (S23); null where the topic's policy is another. */
  readonly deadLetters: DeadLetters | null;
  readonly log: Logger;
}

/** Offsets of a partition, `until` exclusive. */
export interface BatchPlace {
  readonly partition: number;
  readonly from: number;
  readonly until: number;
}

export interface PipelineState {
  readonly topic: string;
  readonly position: Position;
  /** Length of a cursor at this position (S6). */
  readonly cursorBytes: number;
  readonly lag: number | null;
  readonly ready: boolean;
  /** Null: a topic of events has none. */
  readonly view: ViewStatus | null;
  /** Records read since the start of the process. */
  readonly records: number;
  /** Committed records that wait behind an open transaction; null where there is none. */
  readonly heldBack: HeldBack | null;
  /** What Kafka was asked for since the start: by the main reader, and by side fetches (S22). */
  readonly reads: { readonly main: ReaderStats; readonly ranges: RangeStats };
  readonly unreadable: number;
  /**
   * Batches that could not be decoded as a whole, and where the latest lay. Which keys were in them nobody knows: older
   * rows of these keys are still served (docs/decisions/0015).
   */
  readonly undecodable: { readonly batches: number; readonly latest: BatchPlace | null };
  /** Values that did not fit a nullable field and became null (S23), by field. */
  readonly misfits: Readonly<Record<string, number>>;
}

/** The way of a topic's records through the process: reader, decoder, view, stream (S16). */
export class Pipeline implements TopicSource {
  readonly description: TopicDescription;
  readonly topic: Topic;
  readonly view: View | null;
  readonly stream: Stream;
  readonly tombstoneRetentionMs: number;
  readonly ready: Promise<void>;
  /** Rejects when reading ended by an error: the process cannot serve the topic any more. */
  readonly failed: Promise<never>;
  isReady = false;
  #unreadable = 0;
  #undecodable: PipelineState['undecodable'] = { batches: 0, latest: null };
  readonly #misfits = new Map<string, number>();
  readonly #options: PipelineOptions;
  readonly #decoder: Decoder;
  readonly #reader: Reader;
  readonly #fail: (error: unknown) => void;
  readonly #hung: HungTransaction;
  readonly #timers: readonly NodeJS.Timeout[];

  static async open(options: PipelineOptions): Promise<Pipeline> {
    const { topic, view } = options;
    const end = await topic.latest();
    warnOfLongCursors(topic, end, options.log);
    // A view goes on from where it stands; an event topic begins a window before its end (S22).
    const from =
      view === null
        ? await windowStart(topic, end)
        : end.map((_, partition) => view.position[partition] ?? 0);
    return new Pipeline(options, from, end);
  }

  private constructor(options: PipelineOptions, from: Position, endAtStart: Position) {
    this.#options = options;
    this.description = options.description;
    this.topic = options.topic;
    this.view = options.view;
    this.tombstoneRetentionMs = options.tombstoneRetentionMs;
    this.stream = new Stream({ start: from });
    this.#decoder = createDecoder(options.description);
    this.#hung = new HungTransaction(options.topic.name, options.log);
    const failure = Promise.withResolvers<never>();
    this.failed = failure.promise;
    this.failed.catch(() => undefined);
    this.#fail = failure.reject;
    this.#timers = [
      setInterval(() => this.stream.trim(), 5_000).unref(),
      setInterval(() => this.#confirmPosition(), 60_000).unref(),
      setInterval(() => this.#hung.look(this.#reader.heldBack), 5_000).unref(),
    ];
    this.#reader = options.topic.read(from, this.#sink(), options.view?.epochs);
    this.#reader.done.catch(this.#fail);
    this.ready = this.#whenAt(endAtStart);
    this.ready.catch(() => undefined);
  }

  get epochs(): readonly number[] {
    return this.#reader.epochs;
  }

  get state(): PipelineState {
    return {
      topic: this.topic.name,
      position: this.stream.position,
      cursorBytes: cursorBytes(this.topic, this.stream.position, this.epochs),
      lag: this.#reader.lag,
      ready: this.isReady,
      view: this.view?.status ?? null,
      records: this.#reader.stats.records,
      heldBack: this.#reader.heldBack,
      reads: { main: this.#reader.stats, ranges: this.topic.rangeStats },
      unreadable: this.#unreadable,
      undecodable: this.#undecodable,
      misfits: Object.fromEntries(this.#misfits),
    };
  }

  decode(batch: RawBatch): readonly DecodedRecord[] {
    return batch.records.map((record) => this.decodeOne(record, batch.partition));
  }

  decodeOne(record: RawRecord, partition: number): DecodedRecord {
    return this.#decoder(record, partition).record;
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    // A view whose store is away holds the reader's last batch until it is closed itself.
    await Promise.all([this.#reader.stop(), this.view?.close()]);
    await this.topic.close();
  }

  async #whenAt(end: Position): Promise<void> {
    while (!(await Promise.race([this.stream.reaches(end, 60_000), this.failed]))) {
      this.#options.log.info(
        { topic: this.topic.name, lag: this.#reader.lag },
        'still reading the topic from its start',
      );
    }
    this.isReady = true;
    this.view?.ready();
  }

  /** A view of a quiet topic is as fresh as one that is written to: it must not look old at the next start (S26, S27). */
  #confirmPosition(): void {
    const { view } = this;
    if (view === null || this.#reader.lag !== 0) return;
    for (const [partition, next] of this.stream.position.entries()) {
      view.apply({ partition, records: [], next }).catch((error: unknown) => this.#fail(error));
    }
  }

  #sink(): ReaderSink {
    return {
      batch: (batch) => this.#take(batch),
      outOfRange: (event) => this.#outOfRange(event),
      recreated: ({ was, now }) => {
        const what =
          now === null ? 'was deleted' : `was deleted and made again (topic id ${was}, now ${now})`;
        this.#fail(
          new TributaryError(
            'TOPIC_MISMATCH',
            `Topic "${this.topic.name}" ${what}. Start again to read the new one.`,
          ),
        );
      },
    };
  }

  async #take(batch: RawBatch): Promise<void> {
    const { partition, next } = batch;
    const decoded = this.#decodeAll(batch);
    const records = isPromise(decoded) ? await decoded : decoded;
    const events =
      this.view === null
        ? records.map(asEvent)
        : (await this.view.apply({ partition, records, next, leaderEpoch: batch.leaderEpoch })).map(asChange);
    this.stream.publish(partition, events, next);
  }

  /** At once, unless there are letters to write. */
  #decodeAll(batch: RawBatch): MaybePromise<readonly DecodedRecord[]> {
    const results = batch.records.map((raw) => this.#decoder(raw, batch.partition));
    for (const { misfits } of results)
      for (const field of misfits) this.#misfits.set(field, (this.#misfits.get(field) ?? 0) + 1);
    const records = results.map(({ record }) => record);
    return batch.undecodable.length > 0 || records.some(({ state }) => state === 'UNREADABLE')
      ? this.#keepLetters(batch, results).then(() => records)
      : records;
  }

  async #keepLetters(
    { records, undecodable, partition }: RawBatch,
    results: readonly DecodedResult[],
  ): Promise<void> {
    for (const range of undecodable) await this.#keepUndecodable(range, partition);
    for (const [index, raw] of records.entries()) {
      const result = results[index];
      if (result?.record.state === 'UNREADABLE') await this.#keepUnreadable(raw, partition, result);
    }
    // Behind the position nothing is read again: letters must be written before it moves.
    await this.#options.deadLetters?.flush();
  }

  /**
   * A batch without its records: a letter for it at its first offset, without payload. Which keys were in it nobody
   * knows, so on a compacted topic their older rows stay: log and health say so, and onInvalid: STOP is the way to prevent it.
   */
  async #keepUndecodable({ from, until, reason }: UndecodableRange, partition: number): Promise<void> {
    this.#undecodable = { batches: this.#undecodable.batches + 1, latest: { partition, from, until } };
    const message = `The batch of offsets ${from} to ${until - 1} cannot be decoded: ${reason}`;
    const empty = { offset: from, timestamp: -1, key: null, value: null, headers: [] };
    await this.#keepUnreadable(empty, partition, { reason: 'BATCH_UNDECODABLE', message });
  }

  async #keepUnreadable(
    raw: RawRecord,
    partition: number,
    { reason, message }: Pick<DecodedResult, 'reason' | 'message'>,
  ): Promise<void> {
    this.#unreadable++;
    const { log, deadLetters, description } = this.#options;
    const place = { topic: this.topic.name, partition, offset: raw.offset };
    log.warn({ ...place, reason, detail: message }, 'a record could not be read');
    if (description.onInvalid === 'STOP') {
      throw new TributaryError(
        'RECORD_UNREADABLE',
        `Record ${raw.offset} in partition ${partition} of "${this.topic.name}" cannot be read (${message ?? reason}), and onInvalid is STOP.`,
      );
    }
    await deadLetters?.(raw, partition, reason ?? 'UNKNOWN', message);
  }

  /**
   * The log does not go on from our position. A view and a truncated log cannot be gone on from: the process must start
   * again, a view from nothing. Where retention overtook an event stream, its subscribers are told (S11).
   */
  async #outOfRange(event: Parameters<ReaderSink['outOfRange']>[0]): Promise<number> {
    const { partition, position, logStart, end } = event;
    const place = `Partition ${partition} of "${this.topic.name}"`;
    if (this.view === null && position <= end) {
      this.#options.log.error(
        { topic: this.topic.name, partition, from: position, until: logStart },
        'retention removed records before they were read',
      );
      this.stream.skip(partition, logStart);
      return logStart;
    }
    await this.view?.discard(
      `partition ${partition} holds ${logStart} to ${end}, the view ends at ${position}`,
      [partition],
    );
    throw new TributaryError(
      'TOPIC_MISMATCH',
      `${place} holds offsets ${logStart} to ${end}, and ${position} was to be read: it was truncated, or its records were removed. Start again to read it anew.`,
    );
  }
}

const windowStart = async (topic: Topic, end: Position): Promise<Position> => {
  const [earliest, recent] = await Promise.all([
    topic.earliest(),
    topic.at(Date.now() - defaultWindow.ageMs),
  ]);
  return end.map((last, partition) =>
    Math.min(last, Math.max(earliest[partition] ?? 0, recent[partition] ?? last)),
  );
};

const asChange = ({ record, old, oldUnknown = false }: ViewChange): StreamEvent => ({
  ...asEvent(record),
  old: old?.row ?? null,
  oldUnreadable: oldUnknown || old?.state === 'UNREADABLE',
});
