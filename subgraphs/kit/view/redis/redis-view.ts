import type { TopicDescription } from '../../../../schema/description.ts';
import { TributaryError } from '../../../../schema/errors.ts';
import type { Position } from '../../../../schema/position.ts';
import { partitionOfKey } from '../../kafka/murmur2.ts';
import { PositionSignal } from '../position-signal.ts';
import type { QueryShape } from '../query-shapes.ts';
import type { ViewIdentity } from '../sqlite-file.ts';
import { type Layout, layoutOf } from '../sqlite-layout.ts';
import {
  type Page,
  type PageQuery,
  type ScanPage,
  type ScanQuery,
  type StoredRow,
  scanPageBytes,
  type View,
  type ViewBatch,
  type ViewChange,
  type ViewStatus,
} from '../view.ts';
import type { ViewLog } from '../view-log.ts';
import { bytesOf, listOf, numberOf, textOf } from './answers.ts';
import type { RedisConnection } from './connection.ts';
import { encodeKey } from './index-entry.ts';
import { readPage } from './page.ts';
import { planRanges } from './page-plan.ts';
import { RedisPartition } from './partition.ts';
import { ViewKeys } from './partition-keys.ts';
import { pause } from './pause.ts';
import { readFirst, readKeys, readOffsets } from './read-scripts.ts';
import type { ViewSource } from './source.ts';
import { RecordWriter, readStored } from './stored-value.ts';

export interface RedisViewOptions {
  /** Stays open when the view is closed. */
  readonly connection: RedisConnection;
  readonly description: TopicDescription;
  readonly identity: ViewIdentity;
  /** Of the topic now; more may come. */
  readonly partitions: number;
  readonly source: ViewSource;
  /** Pages that must be answered beside those of `description.indexes`; `indexesFor` lists them. Default: none. */
  readonly queries?: readonly QueryShape[];
  /** How values were decoded: another text is another view. Default: `json`. */
  readonly codec?: string;
  /** The topic's delete.retention.ms; a view that was not written for so long is built again. Default: 24 h. */
  readonly tombstoneRetentionMs?: number;
  /**
   * How many replaced rows a partition keeps, for replicas that come to a record after another one applied it. One that
   * is further behind tells clients of deletes that they may not need. Default 4,096.
   */
  readonly logEntries?: number;
  /** Beginning of all key names. Default: `tributary`. */
  readonly namespace?: string;
  /** Default: silent. */
  readonly log?: ViewLog;
}

const silent: ViewLog = { info: () => undefined, warn: () => undefined, error: () => undefined };
/** Keys of one script: bounds how long Redis does nothing else. */
const maximumKeys = 500;
/** How soon a replica that waits for a position learns that another one brought the store there. */
const lookMs = 20;

/**
 * Opens a view in Redis that several replicas share (S27): each reads the topic, the first to come applies a batch, and
 * every one gets each record once with the row that it replaced. Begins where the store stands; an empty one is filled
 * by whoever reads.
 */
export async function openRedisView(options: RedisViewOptions): Promise<View> {
  const layout = layoutOf(options.description, options.queries ?? [], options.codec ?? 'json');
  const view = new RedisView(layout, options);
  await view.open();
  return view;
}

class RedisView implements View {
  epochs: readonly number[] = [];
  private readonly connection: RedisConnection;
  private readonly layout: Layout;
  private readonly keys: ViewKeys;
  private readonly partitions: RedisPartition[] = [];
  private readonly signal = new PositionSignal();
  private readonly looking = new Set<number>();
  private readonly closing = new AbortController();
  private readonly makePartition: (partition: number) => RedisPartition;
  private readonly log: ViewLog;
  private ending: TributaryError | null = null;
  private closed: Promise<void> | null = null;

  constructor(layout: Layout, options: RedisViewOptions) {
    const { connection, identity, source, log = silent, tombstoneRetentionMs = 24 * 3_600_000 } = options;
    const { logEntries = 4_096, namespace = 'tributary' } = options;
    this.connection = connection;
    this.layout = layout;
    this.log = log;
    this.keys = new ViewKeys(layout, identity, namespace);
    const writer = new RecordWriter(this.keys.indexes);
    const moved = (partition: number): void => this.signal.advanced(this.position, partition);
    const shared = {
      connection,
      source,
      log,
      tombstoneRetentionMs,
      logEntries,
      writer,
      moved,
      keys: this.keys,
    };
    this.makePartition = (partition) => new RedisPartition({ ...shared, partition });
    this.known(options.partitions - 1);
  }

  async open(): Promise<void> {
    await Promise.all(this.partitions.map((partition) => partition.open()));
    this.epochs = this.partitions.map(({ epoch }) => epoch);
  }

  /** What the store holds, which another replica may have brought further than this one has read. */
  get position(): Position {
    const next = this.partitions.map(({ stored }) => stored);
    return next.slice(0, next.findLastIndex((stored) => stored > 0) + 1);
  }

  get status(): ViewStatus {
    if (!this.connection.answers) return { store: 'REDIS', state: 'AWAY' };
    const refilling = this.partitions.some(({ isRefilling }) => isRefilling);
    return { store: 'REDIS', state: refilling ? 'REFILLING' : 'SERVING' };
  }

  async apply(batch: ViewBatch): Promise<readonly ViewChange[]> {
    this.refuseAfterEnd();
    try {
      return await this.known(batch.partition).apply(batch);
    } catch (error) {
      throw this.ending ?? error;
    }
  }

  /**
   * Producers put a key where its hash says, so that partition is asked first, and all others only for keys that it does
   * not know. Where several have a key, since the topic got partitions or a producer has a hash of its own, the hash
   * decides, then the time.
   */
  async getMany(keys: readonly string[]): Promise<readonly (StoredRow | null)[]> {
    this.refuseAfterEnd();
    const wanted = [...new Set(keys)];
    const home = new Map(
      wanted.map((key) => [key, partitionOfKey(Buffer.from(key), this.partitions.length)]),
    );
    const byHome = Map.groupBy(wanted, (key) => home.get(key) ?? 0);
    const found = await this.find(byHome);
    const missing = wanted.filter((key) => !found.has(key));
    if (missing.length > 0 && this.partitions.length > 1) {
      const elsewhere = this.partitions.map(
        (_, partition) => [partition, missing.filter((key) => home.get(key) !== partition)] as const,
      );
      for (const [key, row] of await this.find(new Map(elsewhere))) found.set(key, row);
    }
    return keys.map((key) => {
      const row = found.get(key);
      return row === undefined || row.state === 'TOMBSTONE' ? null : row;
    });
  }

  async firstResult(key: string, idempotencyKey: string): Promise<StoredRow | null> {
    this.refuseAfterEnd();
    const name = Buffer.concat([encodeKey(key), Buffer.from(idempotencyKey)]);
    const found = await Promise.all(
      this.partitions.map(async (each, partition) => {
        const names = [this.keys.meta(partition), this.keys.firsts(partition)];
        const { answer } = await each.read(readFirst, names, [name]);
        const row = bytesOf(answer[0] ?? null);
        return row === null ? null : readStored(key, partition, row);
      }),
    );
    return found.find((row) => row !== null) ?? null;
  }

  async page(query: PageQuery): Promise<Page> {
    this.refuseAfterEnd();
    return readPage({ keys: this.keys, partitions: this.partitions }, planRanges(this.layout, query), query);
  }

  async scan({ partition, from, limit, bytes: most = scanPageBytes }: ScanQuery): Promise<ScanPage> {
    this.refuseAfterEnd();
    const { keys } = this;
    const names = [keys.meta(partition), keys.rows(partition), keys.offsets(partition)];
    const known = this.partitions[partition];
    if (known === undefined) return { rows: [], position: this.position, isLast: true, bytes: 0 };
    const { position: readTo, answer } = await known.read(readOffsets, names, [from, limit, most]);
    const [more, bytes, found, values] = answer;
    const keysFound = listOf(found);
    const rows = listOf(values).flatMap((value, index) => {
      const stored = bytesOf(value);
      return stored === null ? [] : [readStored(textOf(keysFound[index]), partition, stored)];
    });
    // Another batch may have been applied since, which these rows do not show.
    const position = this.position.map((next, index) => (index === partition ? readTo : next));
    return { rows, position, isLast: numberOf(more) === 0, bytes: numberOf(bytes) };
  }

  async waitFor(partition: number, next: number, timeoutMs: number): Promise<boolean> {
    this.refuseAfterEnd();
    if ((this.partitions[partition]?.stored ?? 0) >= next) return true;
    const reached = this.signal.wait(partition, next, timeoutMs);
    void this.look(partition);
    return reached;
  }

  async count(): Promise<number> {
    this.refuseAfterEnd();
    await Promise.all(this.partitions.map((_, partition) => this.readRows(partition, [])));
    return this.partitions.reduce((sum, { live }) => sum + live, 0);
  }

  /** Keys of older definitions expire when nobody writes them any more. */
  ready(): void {}

  async discard(reason: string, partitions: readonly number[]): Promise<void> {
    this.log.warn({ view: this.keys.name, partitions, reason }, 'The view is discarded.');
    await Promise.all(partitions.map((partition) => this.partitions[partition]?.remove()));
    await this.close();
  }

  close(): Promise<void> {
    this.closed ??= this.closeOnce();
    return this.closed;
  }

  private async closeOnce(): Promise<void> {
    this.ending = new TributaryError('DRAINING', `The view of topic ${this.layout.topic} is closed.`);
    this.signal.release();
    this.closing.abort();
    await Promise.all(this.partitions.map((partition) => partition.close()));
  }

  /** While somebody waits: another replica may bring the store there before this one reads as far. */
  private async look(partition: number): Promise<void> {
    if (this.looking.has(partition)) return;
    this.looking.add(partition);
    while (this.signal.isAwaited(partition) && !this.closing.signal.aborted) {
      await this.readRows(partition, []).catch(() => undefined);
      await pause(lookMs, this.closing.signal);
    }
    this.looking.delete(partition);
  }

  /** Rows by key, tombstones included, of keys by partition; of several rows of a key the latest. */
  private async find(keys: ReadonlyMap<number, readonly string[]>): Promise<Map<string, StoredRow>> {
    const reads = [...keys].flatMap(([partition, names]) =>
      Array.from({ length: Math.ceil(names.length / maximumKeys) }, (_, part) =>
        this.readRows(partition, names.slice(part * maximumKeys, (part + 1) * maximumKeys)),
      ),
    );
    const found = new Map<string, StoredRow>();
    for (const row of (await Promise.all(reads)).flat()) {
      const other = found.get(row.key);
      if (other === undefined || other.timestamp < row.timestamp) found.set(row.key, row);
    }
    return found;
  }

  /** Besides, learns how many rows the partition has. */
  private async readRows(partition: number, keys: readonly string[]): Promise<StoredRow[]> {
    const known = this.partitions[partition];
    if (known === undefined) return [];
    const names = [this.keys.meta(partition), this.keys.rows(partition)];
    const { answer } = await known.read(readKeys, names, keys);
    const [live, ...values] = answer;
    known.live = numberOf(live);
    return keys.flatMap((key, position) => {
      const value = bytesOf(values[position] ?? null);
      return value === null ? [] : [readStored(key, partition, value)];
    });
  }

  private known(partition: number): RedisPartition {
    for (let number = this.partitions.length; number <= partition; number++) {
      this.partitions.push(this.makePartition(number));
    }
    return this.partitions[partition] ?? this.makePartition(partition);
  }

  private refuseAfterEnd(): void {
    if (this.ending !== null) throw this.ending;
  }
}
