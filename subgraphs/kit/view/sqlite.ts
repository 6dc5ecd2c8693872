import type { TopicDescription } from '../../../schema/description.ts';
import { type ErrorCode, TributaryError } from '../../../schema/errors.ts';
import { advanced, nextOffset, type Position } from '../../../schema/position.ts';
import { PositionSignal } from './position-signal.ts';
import type { QueryShape } from './query-shapes.ts';
import {
  isCorruption,
  markCorrupt,
  prepareViewFile,
  removeData,
  removeOlderFiles,
  type ViewFile,
  type ViewIdentity,
} from './sqlite-file.ts';
import { type Layout, layoutOf } from './sqlite-layout.ts';
import { SqliteReader } from './sqlite-reader.ts';
import type {
  Page,
  PageQuery,
  ScanPage,
  ScanQuery,
  StoredRow,
  View,
  ViewBatch,
  ViewChange,
  ViewStatus,
} from './view.ts';
import type { ViewLog } from './view-log.ts';
import { type Committed, WriteQueue } from './write-queue.ts';

export interface SqliteViewOptions {
  /** Holds the files; made when it is missing. Each subgraph has its own: others' files of a topic count as old. */
  readonly directory: string;
  readonly description: TopicDescription;
  readonly identity: ViewIdentity;
  /** Pages that must be answered beside those of `description.indexes`; `indexesFor` lists them. Default: none. */
  readonly queries?: readonly QueryShape[];
  /** How values were decoded. Another text than the file's means a new file. Default: `json`. */
  readonly codec?: string;
  /** The topic's delete.retention.ms. A file that was not written for so long is built again. Default: 24 h. */
  readonly tombstoneRetentionMs?: number;
  /** Default: silent. */
  readonly log?: ViewLog;
}

export interface ViewStats {
  readonly transactions: number;
  readonly records: number;
  /** Tombstones removed after their retention. */
  readonly purged: number;
  /** Records without a key, which a compacted topic cannot keep: not applied. */
  readonly keyless: number;
}

/** A view in an SQLite file of its own, locked to this process (S26). */
export interface SqliteView extends View {
  readonly file: string;
  /** True when the file held a position: the reader goes on from there. */
  readonly restored: boolean;
  readonly stats: ViewStats;
  /** To be called when the view serves (S28): removes the files of older definitions, and returns their names. */
  ready(): readonly string[];
  /** Deletes the rows of all partitions: the file is one. */
  discard(reason: string): Promise<void>;
}

const silent: ViewLog = { info: () => undefined, warn: () => undefined, error: () => undefined };

/**
 * Opens the view of a topic, or builds an empty one where there is none that fits: another definition, cluster or topic
 * id, a file that is too old or corrupt. Rejects with CONFIGURATION_INVALID when another process holds the file.
 * A batch without records may be applied now and then while the topic is idle: it says that the view is still current.
 */
export async function openSqliteView(options: SqliteViewOptions): Promise<SqliteView> {
  const layout = layoutOf(options.description, options.queries ?? [], options.codec ?? 'json');
  const { directory, identity, tombstoneRetentionMs = 24 * 3_600_000, log = silent } = options;
  const file = prepareViewFile({ directory, layout, identity, tombstoneRetentionMs, log });
  try {
    const view = new FileView({ file, layout, directory, tombstoneRetentionMs, log });
    await view.open();
    return view;
  } catch (error) {
    file.lock.release();
    throw error;
  }
}

interface FileViewParts {
  readonly file: ViewFile;
  readonly layout: Layout;
  readonly directory: string;
  readonly tombstoneRetentionMs: number;
  readonly log: ViewLog;
}

class FileView implements SqliteView {
  readonly status: ViewStatus = { store: 'SQLITE', state: 'SERVING' };
  readonly file: string;
  readonly restored: boolean;
  readonly epochs: readonly number[];
  private readonly parts: FileViewParts;
  private readonly reader: SqliteReader;
  private readonly queue: WriteQueue;
  private readonly signal = new PositionSignal();
  private reached: Position;
  private counts = { transactions: 0, records: 0, purged: 0, keyless: 0 };
  private ending: TributaryError | null = null;
  private closed: Promise<void> | null = null;
  private discarded = false;

  constructor(parts: FileViewParts) {
    const { file, layout, tombstoneRetentionMs } = parts;
    this.parts = parts;
    this.file = file.path;
    this.reader = new SqliteReader(file.path, layout);
    this.reached = this.reader.position();
    this.epochs = this.reader.epochs();
    this.restored = this.reached.length > 0;
    this.queue = new WriteQueue(
      { path: file.path, layout, tombstoneRetentionMs },
      {
        committed: (units, purged) => this.committed(units, purged),
        failed: (failure) => this.fail(failure),
      },
    );
  }

  async open(): Promise<void> {
    try {
      await this.queue.open();
    } catch (error) {
      this.reader.close();
      throw this.ending ?? error;
    }
  }

  get position(): Position {
    return this.reached;
  }

  get stats(): ViewStats {
    return this.counts;
  }

  async apply(batch: ViewBatch): Promise<readonly ViewChange[]> {
    this.refuseAfterEnd();
    const keyless = batch.records.filter(({ key }) => key === null).length;
    this.counts = { ...this.counts, keyless: this.counts.keyless + keyless };
    try {
      return await this.queue.write(batch);
    } catch (error) {
      throw this.ending ?? error;
    }
  }

  async getMany(keys: readonly string[]): Promise<readonly (StoredRow | null)[]> {
    return this.read((reader) => reader.getMany(keys));
  }

  async firstResult(key: string, idempotencyKey: string): Promise<StoredRow | null> {
    return this.read((reader) => reader.firstResult(key, idempotencyKey));
  }

  async page(query: PageQuery): Promise<Page> {
    return this.read((reader) => reader.page(query));
  }

  async scan(query: ScanQuery): Promise<ScanPage> {
    return this.read((reader) => reader.scan(query));
  }

  async count(): Promise<number> {
    return this.read((reader) => reader.count());
  }

  async waitFor(partition: number, next: number, timeoutMs: number): Promise<boolean> {
    this.refuseAfterEnd();
    if (nextOffset(this.reached, partition) >= next) return true;
    return this.signal.wait(partition, next, timeoutMs);
  }

  ready(): readonly string[] {
    const removed = removeOlderFiles(this.parts.directory, this.parts.layout);
    if (removed.length > 0) this.parts.log.info({ removed }, 'Views of older definitions are removed.');
    return removed;
  }

  close(): Promise<void> {
    this.closed ??= this.closeOnce();
    return this.closed;
  }

  async discard(reason: string): Promise<void> {
    this.parts.log.warn({ file: this.file, reason }, 'The view is discarded.');
    this.discarded = true;
    await this.close();
  }

  private async closeOnce(): Promise<void> {
    this.ending ??= this.endedBy('DRAINING', 'is closed');
    this.signal.release();
    // The writer is the last to have the file open, so that it can fold the write-ahead log in and remove it.
    await this.queue.drained();
    this.reader.close();
    await this.queue.close();
    if (this.discarded) removeData(this.file);
    this.parts.file.lock.release();
  }

  private committed(units: readonly Committed[], purged: number): void {
    for (const { partition, next } of units) {
      this.reached = advanced(this.reached, partition, next);
      this.signal.advanced(this.reached, partition);
    }
    this.counts = {
      transactions: this.counts.transactions + 1,
      records: units.reduce((sum, { changes }) => sum + changes.length, this.counts.records),
      purged: this.counts.purged + purged,
      keyless: this.counts.keyless,
    };
  }

  private read<T>(work: (reader: SqliteReader) => T): T {
    this.refuseAfterEnd();
    try {
      return work(this.reader);
    } catch (error) {
      if (error instanceof TributaryError) throw error;
      if (isCorruption(error)) this.fail(error);
      throw this.ending ?? this.endedBy('INTERNAL', 'cannot be read; the log says why', error);
    }
  }

  /** Final: a view that misses a commit must neither serve nor go on. A restart begins at what was committed. */
  private fail(cause: unknown): void {
    if (this.ending !== null) return;
    this.ending = this.endedBy('VIEW_NOT_READY', `stopped: ${reasonText(cause)}`, cause);
    if (isCorruption(cause)) markCorrupt(this.file);
    this.parts.log.error({ file: this.file, err: cause }, this.ending.message);
    this.signal.release();
  }

  private refuseAfterEnd(): void {
    if (this.ending !== null) throw this.ending;
  }

  private endedBy(code: ErrorCode, what: string, cause?: unknown): TributaryError {
    return new TributaryError(code, `The view of topic ${this.parts.layout.topic} ${what}.`, { cause });
  }
}

/** Disk full and a corrupt file have a cure that the operator should read; the rest speaks for itself. */
function reasonText(cause: unknown): string {
  if (isCorruption(cause)) return 'its file is corrupt, and the next start builds it again from the topic';
  const text = cause instanceof Error ? cause.message : String(cause);
  const full = cause instanceof Error && 'errcode' in cause && Number(cause.errcode) === 13;
  return full ? `${text}; make room, then start again` : text;
}
