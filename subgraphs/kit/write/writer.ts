import { TributaryError } from '../../../schema/errors.ts';
import { encodeRow } from '../decode/encoder.ts';
import { idempotencyHeader, requireIdempotencyKey } from '../decode/idempotency-key.ts';
import type { Producer, ProducerRecord, WrittenRecord } from '../kafka/producer.ts';
import type { RawRecord, Row } from '../records.ts';
import type { TopicSource } from '../topic-source.ts';
import type { StoredRow, View } from '../view/view.ts';
import { reached, UnseenWrites, viewWaitMs } from './unseen-writes.ts';

export interface RowToWrite {
  readonly source: TopicSource;
  readonly row: Row;
  /** Goes with the record as a header (S25). */
  readonly idempotencyKey?: string | null;
}

export interface UpdateOptions {
  /**
   * Names the request: when the row was written under it within the last 24 hours, by any replica, that result is the
   * answer, and nothing is changed. 1 to 300 characters. Default: every request counts.
   */
  readonly idempotencyKey?: string | null | undefined;
  /**
   * Where the record lies that the caller saw as the latest of the key: `at` of a change event, or what a mutation
   * answered. Where another one is the latest, nothing is written, and the error is CONFLICT. Within this process that is
   * certain; a write by another replica that this one has not read yet goes unseen. Default: whatever it is.
   */
  readonly ifPosition?: RecordPlace | null | undefined;
}

export type RecordPlace = readonly [partition: number, offset: number];

export interface WriteResult {
  /** The first row, as it was written: what the view will hold. */
  readonly row: Row;
  readonly written: readonly WrittenRecord[];
}

/** Updates of one key that may wait for each other. Policy: refuse. */
const queueBound = 1_000;

/** Writes rows as records. Updates of one key queue, so that each sees what the one before it wrote (S25). */
export class Writer {
  readonly #producer: Producer;
  readonly #queues = new Map<string, { tail: Promise<unknown>; waiting: number }>();
  readonly #unseen = new UnseenWrites();

  constructor(producer: Producer) {
    this.#producer = producer;
  }

  /** Writes rows in one request. Rejects with RECORD_REFUSED, before anything is written, for a row that its type cannot hold. */
  async append(rows: readonly [RowToWrite, ...RowToWrite[]]): Promise<WriteResult> {
    this.#unseen.requireRoom();
    const [first] = rows;
    const records = rows.map(toRecord);
    const written = await this.#send(rows, records);
    const [record] = records;
    const [own] = written;
    if (own === undefined || record === undefined)
      throw new TributaryError('INTERNAL', 'The producer told no position of the record.');
    return { row: decoded(first.source, record, own.partition, own.offset, own.timestamp), written };
  }

  update(
    source: TopicSource,
    key: string,
    change: (row: Row) => Row,
    also: (row: Row) => readonly RowToWrite[],
    options: UpdateOptions = {},
  ): Promise<WriteResult> {
    return this.#once(source, key, options, async (view) => {
      const stored = await latestOf(source, view, key);
      requirePlace(source, key, stored, options.ifPosition);
      const changed = change(rowOf(source, key, stored));
      return [{ source, row: changed, idempotencyKey: options.idempotencyKey ?? null }, ...also(changed)];
    });
  }

  /** Writes a row whatever was there before, with the same promises as an update. */
  put(source: TopicSource, row: Row, options: UpdateOptions): Promise<WriteResult> {
    const key = String(encodeRow(source.description, row).key);
    return this.#once(source, key, options, async (view) => {
      const { ifPosition, idempotencyKey = null } = options;
      if (ifPosition != null) requirePlace(source, key, await latestOf(source, view, key), ifPosition);
      return [{ source, row, idempotencyKey }];
    });
  }

  /** Writes what `rows` gives in the key's turn, behind what was written before; or gives what its first request gave. */
  async #once(
    source: TopicSource,
    key: string,
    { idempotencyKey = null }: UpdateOptions,
    rows: (view: View) => Promise<readonly [RowToWrite, ...RowToWrite[]]>,
  ): Promise<WriteResult> {
    const { view } = source;
    if (idempotencyKey !== null) requireIdempotencyKey(idempotencyKey);
    if (view === null)
      throw new TributaryError('INTERNAL', `"${source.topic.name}" has no view, so nothing to update.`);
    const name = nameOf(source, key);
    return this.#inTurn(name, async () => {
      const deadline = Date.now() + viewWaitMs;
      await this.#unseen.seen(name, source, view, deadline);
      const first =
        idempotencyKey === null ? null : await firstResult(source, view, key, idempotencyKey, deadline);
      return first ?? this.append(await rows(view));
    });
  }

  async #send(
    rows: readonly RowToWrite[],
    records: readonly ProducerRecord[],
  ): Promise<readonly WrittenRecord[]> {
    const remember = (written: readonly WrittenRecord[]): void => {
      for (const [index, { source }] of rows.entries()) {
        const key = records[index]?.key;
        if (source.view !== null && key != null)
          this.#unseen.add(nameOf(source, String(key)), source, source.view, written[index] ?? null);
      }
    };
    try {
      const written = await this.#producer.send(records);
      remember(written);
      return written;
    } catch (error) {
      remember([]);
      throw error;
    }
  }

  /** One at a time by name; a failed one does not stop the next. */
  async #inTurn<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    const queue = this.#queues.get(name) ?? { tail: Promise.resolve(), waiting: 0 };
    if (queue.waiting >= queueBound) {
      throw new TributaryError(
        'TOO_MANY_OPERATIONS',
        `${queueBound} changes of this key wait already. Try again.`,
      );
    }
    this.#queues.set(name, queue);
    queue.waiting++;
    const turn = queue.tail.then(work, work);
    queue.tail = turn.catch(() => undefined);
    try {
      return await turn;
    } finally {
      queue.waiting--;
      if (queue.waiting === 0) this.#queues.delete(name);
    }
  }
}

/** Of a key in all topics. */
const nameOf = ({ topic }: TopicSource, key: string): string => `${topic.topicId}/${key}`;

const latestOf = async (source: TopicSource, view: View, key: string): Promise<StoredRow | null> => {
  const [stored] = await view.getMany([key]);
  if (stored?.state !== 'UNREADABLE') return stored ?? null;
  throw new TributaryError(
    'RECORD_UNREADABLE',
    `The latest record of ${source.description.type} "${key}" cannot be decoded.`,
  );
};

const rowOf = ({ description }: TopicSource, key: string, stored: StoredRow | null): Row => {
  if (stored?.row != null) return stored.row;
  throw new TributaryError('NOT_FOUND', `There is no ${description.type} with the key "${key}".`);
};

const requirePlace = (
  { description }: TopicSource,
  key: string,
  stored: StoredRow | null,
  expected: RecordPlace | null | undefined,
): void => {
  if (expected == null) return;
  const [partition, offset] = expected;
  if (stored?.row != null && stored.partition === partition && stored.offset === offset) return;
  const now =
    stored?.row == null ? 'it is gone' : `its latest record is ${stored.partition}/${stored.offset}`;
  throw new TributaryError(
    'CONFLICT',
    `${description.type} "${key}" is not as it was at ${partition}/${offset}: ${now}. Read it again, then decide.`,
  );
};

/** What another replica wrote under the key counts too, so the view has to hold all that was written until now. */
const firstResult = async (
  source: TopicSource,
  view: View,
  key: string,
  idempotencyKey: string,
  deadline: number,
): Promise<WriteResult | null> => {
  const { topicId } = source.topic;
  if (!(await reached(view, await source.topic.latest(), deadline)))
    throw new TributaryError('NOT_YET', 'The view has not read what was written before. Try again.');
  const first = await view.firstResult(key, idempotencyKey);
  if (first?.row == null) return null;
  const { row, partition, offset, timestamp } = first;
  return { row, written: [{ topicId, partition, offset, timestamp }] };
};

const toRecord = ({ source, row, idempotencyKey = null }: RowToWrite): ProducerRecord => {
  const encoded = encodeRow(source.description, row);
  const { key, value } = encoded;
  const headers =
    idempotencyKey === null ? encoded.headers : { ...encoded.headers, [idempotencyHeader]: idempotencyKey };
  const record = { topic: source.topic.name, key, value, headers };
  decoded(source, record, 0, 0, Date.now());
  return record;
};

/** A record as every reader will see it. */
const decoded = (
  source: TopicSource,
  { key, value, headers }: ProducerRecord,
  partition: number,
  offset: number,
  timestamp: number,
): Row => {
  const raw: RawRecord = {
    offset,
    timestamp,
    key: bytesOf(key),
    value: bytesOf(value),
    headers: Object.entries(headers ?? {}).map(([name, text]) => [Buffer.from(name), bytesOf(text)]),
  };
  const { row } = source.decodeOne(raw, partition);
  if (row !== null) return row;
  const { type } = source.description;
  throw new TributaryError(
    'RECORD_REFUSED',
    `A record of these values could not be read as ${type} again, so it is not written. Give every field of ${type} that is not null a value.`,
  );
};

const bytesOf = (value: Buffer | string | null): Buffer | null =>
  typeof value === 'string' ? Buffer.from(value) : value;
