/**
 * The worker thread that writes a view's file (S26). What has come while a transaction ran is the next transaction:
 * a lone record does not wait, and under load many share a commit, up to a bound.
 */
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { columnOf, stateCodes } from './sqlite-layout.ts';
import {
  type CommittedUnit,
  maximumTransaction,
  type ReplacedRow,
  type WriterData,
  type WriterMessage,
  type WriterUnit,
} from './writer-messages.ts';

/** Tombstones and first results removed in one transaction, of each: bounded, since a commit must stay short. */
const maximumPurge = 100;
/** How long a retry gets the first result of its idempotency key (S25). */
const firstResultRetentionMs = 24 * 3_600_000;

class Writer {
  private readonly database: DatabaseSync;
  private readonly find: StatementSync;
  private readonly put: StatementSync;
  private readonly advance: StatementSync;
  private readonly total: StatementSync;
  private readonly purge: StatementSync;
  private readonly keepFirst: StatementSync;
  private readonly forgetFirst: StatementSync;
  private readonly purgeFirst: StatementSync;
  private readonly next = new Map<number, number>();
  private readonly tombstoneRetentionMs: number;

  constructor({ path, layout, tombstoneRetentionMs }: WriterData) {
    this.tombstoneRetentionMs = tombstoneRetentionMs;
    this.database = new DatabaseSync(path, { timeout: 5_000 });
    // Kafka has the data: a power cut may cost the last commits, never the file's consistency.
    // The write-ahead log grows to 16 MB before it is folded in: a page that changes often is then copied less often.
    this.database.exec(`PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON;
      PRAGMA cache_size = -16000; PRAGMA wal_autocheckpoint = 4000`);
    const columns = ['partition', 'offset', 'timestamp', 'state', 'row', 'tombstoned'].concat(
      layout.fields.map((field) => columnOf(layout, field)),
    );
    const updates = columns.map((column) => `${column} = excluded.${column}`).join(', ');
    this.find = this.database.prepare(
      'SELECT state, row, partition, offset, timestamp FROM rows WHERE key = ?',
    );
    this.find.setReturnArrays(true);
    this.put = this.database.prepare(
      `INSERT INTO rows (key, ${columns.join(', ')}) VALUES (?${', ?'.repeat(columns.length)})
       ON CONFLICT (key) DO UPDATE SET ${updates}`,
    );
    this.advance = this.database.prepare(
      `INSERT INTO positions VALUES (?, ?, ?)
       ON CONFLICT (partition) DO UPDATE SET next = excluded.next, epoch = max(epoch, excluded.epoch)`,
    );
    this.total = this.database.prepare('UPDATE totals SET rows = rows + ?, committed_at = ?');
    this.purge = this.database.prepare(
      `DELETE FROM rows WHERE id IN (SELECT id FROM rows WHERE tombstoned <= ? LIMIT ${maximumPurge})`,
    );
    this.keepFirst = this.database.prepare(
      'INSERT INTO first_results VALUES (NULL, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
    );
    this.forgetFirst = this.database.prepare('DELETE FROM first_results WHERE key = ?');
    this.purgeFirst = this.database.prepare(
      `DELETE FROM first_results WHERE id IN
         (SELECT id FROM first_results WHERE kept_since <= ? LIMIT ${maximumPurge})`,
    );
    for (const { partition, next } of this.database.prepare('SELECT partition, next FROM positions').all()) {
      this.next.set(Number(partition), Number(next));
    }
  }

  commit(units: readonly WriterUnit[]): WriterMessage {
    const now = Date.now();
    this.database.exec('BEGIN IMMEDIATE');
    try {
      let added = 0;
      const committed = units.map((unit) => {
        const { result, rows } = this.write(unit, now);
        added += rows;
        return result;
      });
      const purged = Number(this.purge.run(now - this.tombstoneRetentionMs).changes);
      this.purgeFirst.run(now - firstResultRetentionMs);
      this.total.run(added, now);
      this.database.exec('COMMIT');
      return { kind: 'committed', units: committed, purged };
    } catch (error) {
      if (this.database.isTransaction) this.database.exec('ROLLBACK');
      throw error;
    }
  }

  private write(unit: WriterUnit, now: number): { result: CommittedUnit; rows: number } {
    const { id, partition, epoch, records } = unit;
    const from = this.next.get(partition) ?? 0;
    const first = records.findIndex((record) => record[1] >= from);
    const skipped = first < 0 ? records.length : first;
    let rows = 0;
    const replaced = records.slice(skipped).map((record) => {
      const [key, offset, timestamp, state, row, idempotencyKey, ...columns] = record;
      const old = this.find.get(key) as unknown as ReplacedRow | undefined;
      const tombstoned = state === stateCodes.TOMBSTONE ? now : null;
      this.put.run(key, partition, offset, timestamp, state, row, tombstoned, ...columns);
      if (tombstoned !== null) this.forgetFirst.run(key);
      if (idempotencyKey !== null)
        this.keepFirst.run(key, idempotencyKey, row, partition, offset, timestamp, now);
      rows += Number(state === stateCodes.ROW) - Number(old?.[0] === stateCodes.ROW);
      return old === undefined || old[0] === stateCodes.TOMBSTONE ? null : old;
    });
    if (unit.next > from || !this.next.has(partition)) {
      this.next.set(partition, Math.max(from, unit.next));
      this.advance.run(partition, Math.max(from, unit.next), epoch);
    }
    return {
      result: { id, skipped, replaced: replaced.some((old) => old !== null) ? replaced : null },
      rows,
    };
  }

  close(): void {
    this.database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    this.database.close();
  }
}

function serve(port: MessagePort): void {
  const waiting: WriterUnit[] = [];
  let scheduled = false;
  const schedule = (): void => {
    if (scheduled || waiting.length === 0) return;
    scheduled = true;
    setImmediate(commitNext);
  };
  const commitNext = (): void => {
    scheduled = false;
    answer(port, () => writer.commit(takeUnits(waiting)));
    schedule();
  };
  const writer = new Writer(workerData as WriterData);
  port.on('message', (message: WriterUnit | 'close') => {
    if (message !== 'close') {
      waiting.push(message);
      schedule();
      return;
    }
    answer(port, () => {
      writer.close();
      return { kind: 'closed' };
    });
    port.close();
  });
}

/** As many units as one transaction takes, and at least one. */
function takeUnits(waiting: WriterUnit[]): WriterUnit[] {
  let records = 0;
  const full = waiting.findIndex((unit) => {
    records += unit.records.length;
    return records > maximumTransaction;
  });
  return waiting.splice(0, full < 0 ? waiting.length : Math.max(full, 1));
}

/** Any failure is final: what follows must not be committed without what failed. */
function answer(port: MessagePort, work: () => WriterMessage): void {
  try {
    port.postMessage(work());
  } catch (error) {
    const errcode = error instanceof Error && 'errcode' in error ? Number(error.errcode) : 0;
    const message = error instanceof Error ? error.message : String(error);
    port.postMessage({ kind: 'failed', message, errcode } satisfies WriterMessage);
    process.exit(1);
  }
}

if (parentPort !== null) {
  const port = parentPort;
  answer(port, () => {
    serve(port);
    return { kind: 'opened' };
  });
}
