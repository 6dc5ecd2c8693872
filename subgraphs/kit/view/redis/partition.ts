import { randomBytes } from 'node:crypto';
import { TributaryError } from '../../../../schema/errors.ts';
import type { ViewBatch, ViewChange } from '../view.ts';
import type { ViewLog } from '../view-log.ts';
import { bytesOf, listOf, numberOf, textOf } from './answers.ts';
import { applyScript } from './apply-script.ts';
import type { Argument, RedisConnection } from './connection.ts';
import { releaseLease, removePartition, takeLease } from './lease-scripts.ts';
import type { ViewKeys } from './partition-keys.ts';
import { pause } from './pause.ts';
import { readMeta } from './read-scripts.ts';
import { type Refillable, refill } from './refill.ts';
import type { Script } from './script.ts';
import type { ViewSource } from './source.ts';
import { type RecordWriter, readStored } from './stored-value.ts';
import { type KeyedRecord, type Unit, unitsOf } from './unit.ts';

export interface PartitionOptions {
  readonly partition: number;
  readonly connection: RedisConnection;
  readonly keys: ViewKeys;
  readonly writer: RecordWriter;
  readonly source: ViewSource;
  readonly tombstoneRetentionMs: number;
  /** Replaced rows that are kept for the replicas that come later to the same records. */
  readonly logEntries: number;
  /** The store's position moved. */
  readonly moved: (partition: number) => void;
  readonly log: ViewLog;
}

/** A restart takes time too, so a store is given up a tenth of the retention before its tombstones may be gone. */
const freshShare = 0.9;
/** What nobody writes is forgotten, but not while its replicas are restarted. Longer than a pipeline confirms its position. */
const leastTimeToLiveMs = 600_000;
const leaseMs = 10_000;
/** How long a retry gets the first result of its idempotency key (S25). */
const firstResultRetentionMs = 24 * 3_600_000;
const retryMs = { first: 50, most: 1_000 };

/**
 * One partition of a view in Redis, as this replica sees it. Several replicas read the topic, and whoever is first
 * applies a batch; the others find it applied, and what it replaced in the log. So two positions are told apart:
 * what the store has, and what this replica has handed out to its own stream, which is never ahead of it.
 */
export class RedisPartition implements Refillable {
  /** Rows that are neither deleted nor unreadable, when they were last asked for. */
  live = 0;
  /** What the store had at the last answer. */
  stored = 0;
  handedOut = 0;
  /** Leader epoch of the records up to what was handed out, −1 unknown. */
  epoch = -1;
  private readonly options: PartitionOptions;
  private readonly token = randomBytes(12).toString('base64url');
  private readonly closing = new AbortController();
  private id = '';
  /** Replaced rows of records below it are not those that this replica's clients saw last. */
  private doubtUntil = 0;
  private doubts = 0;
  private refilling: Promise<void> | null = null;
  private isHeldBack = false;
  private waiting = 0;
  private tail: Promise<unknown> = Promise.resolve();

  constructor(options: PartitionOptions) {
    this.options = options;
  }

  get isRefilling(): boolean {
    return this.refilling !== null;
  }

  /** Finds where the store stands; what was not written for too long is removed (S26). */
  async open(): Promise<void> {
    const { connection, keys, partition, tombstoneRetentionMs, log } = this.options;
    const all = keys.all(partition);
    const [id, stored, at, epoch] = listOf(await connection.run(readMeta, all.slice(0, 1), []));
    const age = Date.now() - Number(textOf(at));
    if (textOf(id) === '' || age <= tombstoneRetentionMs * freshShare) {
      this.id = textOf(id);
      this.stored = this.handedOut = numberOf(stored);
      this.epoch = numberOf(epoch);
      return;
    }
    log.warn(
      { view: keys.name, partition, ageMs: age },
      'The view is built again from its topic: it is older than Kafka keeps tombstones.',
    );
    await connection.run(removePartition, all, ['at', textOf(at)]);
  }

  /** Removes the rows, unless another replica has brought the store further than this one is. */
  async remove(): Promise<void> {
    const { connection, keys, partition } = this.options;
    await connection.run(removePartition, keys.all(partition), ['next', this.handedOut]);
  }

  /** Hands out each record that this replica has not handed out yet, with the row that it replaced. In order. */
  apply(batch: ViewBatch): Promise<readonly ViewChange[]> {
    // That the view is still current need not be said behind batches that wait for Redis: they will say it.
    if (this.waiting > 0 && batch.records.length === 0 && batch.next <= this.handedOut) {
      return Promise.resolve([]);
    }
    this.waiting++;
    const turn = this.tail.then(() => this.applyInTurn(batch));
    this.tail = turn.then(
      () => this.waiting--,
      () => this.waiting--,
    );
    return turn;
  }

  /** Runs a script that answers the store's id and position first, and returns the position and what follows. */
  async read(
    script: Script,
    keys: readonly string[],
    args: readonly Argument[],
  ): Promise<{ readonly position: number; readonly answer: readonly unknown[] }> {
    if (this.refilling !== null) throw this.notReady();
    const { handedOut } = this;
    const [id, stored, ...answer] = listOf(await this.options.connection.run(script, keys, args));
    const position = numberOf(stored);
    this.confirm(textOf(id), position, handedOut);
    return { position, answer };
  }

  /** What was handed over is applied first, unless Redis is away. */
  async close(): Promise<void> {
    this.closing.abort();
    await Promise.all([this.tail, this.refilling]);
  }

  private async applyInTurn({ records, next, leaderEpoch = -1 }: ViewBatch): Promise<readonly ViewChange[]> {
    const fresh = records.filter(({ offset }) => offset >= this.handedOut);
    const changes: ViewChange[] = [];
    for (const unit of unitsOf(fresh, Math.max(next, this.handedOut), leaderEpoch)) {
      changes.push(...(await this.applyUnit(unit)));
    }
    return changes;
  }

  private async applyUnit(unit: Unit): Promise<readonly ViewChange[]> {
    const { records } = unit;
    for (let failures = 0; ; ) {
      if (this.refilling !== null && !this.isHeldBack) {
        this.reached(unit);
        return records.map((record) => ({ record, old: null, oldUnknown: true }));
      }
      await this.refilling;
      try {
        const olds = await this.write(unit, this.handedOut, '');
        if (olds === null) {
          if (this.closing.signal.aborted) throw this.notReady();
          continue;
        }
        this.reached(unit);
        return records.map((record, index) => this.change(record, olds[index] ?? null));
      } catch (error) {
        // A stream waits for its view (S16), and goes on when Redis does.
        if (this.closing.signal.aborted) throw error;
        await pause(Math.min(retryMs.first * 2 ** failures++, retryMs.most), this.closing.signal);
      }
    }
  }

  private reached({ next, epoch }: Unit): void {
    if (next > this.handedOut) this.epoch = Math.max(this.epoch, epoch);
    this.handedOut = next;
  }

  private change(record: KeyedRecord, old: Buffer | null): ViewChange {
    if (old === null || record.offset < this.doubtUntil) return { record, old: null, oldUnknown: true };
    const { partition } = this.options;
    return { record, old: old.length === 0 ? null : readStored(record.key, partition, old) };
  }

  /** The replaced row of each record; null when the store is behind `from`. */
  private async write(
    { records, next, epoch }: Unit,
    from: number,
    token: string,
  ): Promise<readonly (Buffer | null)[] | null> {
    const { connection, keys, partition, writer, tombstoneRetentionMs, logEntries } = this.options;
    const timeToLiveMs = Math.max(Math.round(tombstoneRetentionMs * freshShare), leastTimeToLiveMs);
    const settings = [newId(), from, next, timeToLiveMs, tombstoneRetentionMs, firstResultRetentionMs];
    const answer = await connection.run(applyScript, keys.all(partition), [
      ...settings,
      logEntries,
      token,
      writer.indexes,
      epoch,
      ...records.flatMap((record) => writer.arguments(record)),
    ]);
    const [applied, id, stored, ...olds] = listOf(answer);
    if (numberOf(applied) === 0) {
      this.lost(numberOf(stored));
      return null;
    }
    this.accept(textOf(id), numberOf(stored));
    return olds.map(bytesOf);
  }

  /** Throws when the store has lost what this replica handed out, and begins to fill it again. */
  private confirm(id: string, stored: number, handedOut: number): void {
    if (stored < handedOut) this.lost(stored);
    if (this.refilling !== null) throw this.notReady();
    this.accept(id, stored);
  }

  private accept(id: string, stored: number): void {
    if (id !== this.id) {
      if (this.handedOut > 0) this.doubt();
      this.id = id;
      this.stored = stored;
    }
    this.stored = Math.max(this.stored, stored);
    this.options.moved(this.options.partition);
  }

  private lost(stored: number): void {
    this.stored = stored;
    if (this.refilling !== null || this.closing.signal.aborted) return;
    const { keys, partition, log } = this.options;
    const place = { view: keys.name, partition };
    log.warn(
      { ...place, stored, expected: this.handedOut },
      'Redis lost records of a view; they are read from the topic again.',
    );
    this.isHeldBack = false;
    this.refilling = refill(this, this.closing.signal).then((done) => {
      this.refilling = null;
      if (!done) return;
      this.doubt();
      log.info({ ...place, stored: this.stored }, 'The view is complete again.');
      this.options.connection.run(releaseLease, [keys.lease(partition)], [this.token]).catch(() => undefined);
    });
  }

  async lease(): Promise<{ held: boolean; stored: number }> {
    const { connection, keys, partition } = this.options;
    const names = [keys.meta(partition), keys.lease(partition)];
    const [held, id, stored] = listOf(await connection.run(takeLease, names, [this.token, leaseMs, newId()]));
    this.id = textOf(id);
    this.stored = numberOf(stored);
    return { held: numberOf(held) === 1, stored: this.stored };
  }

  async fill(from: number, until: number, signal: AbortSignal): Promise<void> {
    const { source, partition } = this.options;
    let reached = from;
    const write = async (unit: Unit): Promise<void> => {
      if ((await this.write(unit, reached, this.token)) === null) {
        throw new Error('Redis lost records again while they were read from the topic.');
      }
      reached = Math.max(reached, unit.next);
    };
    for await (const { records, next, leaderEpoch = -1 } of source.replay(partition, from, until, signal)) {
      for (const unit of unitsOf(records, next, leaderEpoch)) await write(unit);
    }
    if (!signal.aborted && reached < until) await write({ records: [], next: until, epoch: this.epoch });
  }

  holdBack(): void {
    this.isHeldBack = true;
  }

  failed(error: unknown): void {
    const { log, keys, partition } = this.options;
    log.warn({ view: keys.name, partition, err: error }, 'A view could not be filled again yet.');
  }

  /**
   * The store was filled again: states that compaction removed in between are not in its rows, though this replica's
   * clients saw them. That ends with the records which were not yet written when it was filled.
   */
  private doubt(): void {
    this.doubtUntil = Number.POSITIVE_INFINITY;
    void this.settleDoubt(++this.doubts);
  }

  private async settleDoubt(doubt: number): Promise<void> {
    const { source, partition } = this.options;
    const { signal } = this.closing;
    while (!signal.aborted && doubt === this.doubts) {
      const end = await source.latest().catch(() => null);
      if (doubt !== this.doubts) return;
      if (end !== null) {
        this.doubtUntil = end[partition] ?? 0;
        return;
      }
      await pause(retryMs.most, signal);
    }
  }

  private notReady(): TributaryError {
    return new TributaryError(
      'VIEW_NOT_READY',
      `Redis lost rows of partition ${this.options.partition}, which are read from the topic again. Try again.`,
    );
  }
}

const newId = (): string => randomBytes(9).toString('base64url');
