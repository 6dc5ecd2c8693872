import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { LRUCache } from 'lru-cache';
import { advanced, type Position } from '../../../schema/position.ts';
import { encodePageCursor } from './page-cursor.ts';
import { type ColumnValue, type Layout, rowColumns, stateCodes } from './sqlite-layout.ts';
import { planPage } from './sqlite-page.ts';
import { storedRow } from './stored-row.ts';
import {
  type Page,
  type PageQuery,
  type ScanPage,
  type ScanQuery,
  type StoredRow,
  scanPageBytes,
} from './view.ts';

/** Key, state, row, partition, offset, timestamp, and what a statement adds. */
type ReadRow = readonly [string, number, string | null, number, number, number, ...ColumnValue[]];

/** Keys of one statement: bounds how long a read holds the loop between two others. */
const maximumKeys = 500;
/** Prepared statements kept; the least used is dropped. */
const maximumStatements = 200;

/** Reads a view's file on the calling thread, beside the writer (WAL). A statement sees whole transactions only. */
export class SqliteReader {
  private readonly database: DatabaseSync;
  private readonly layout: Layout;
  private readonly statements = new LRUCache<string, StatementSync>({ max: maximumStatements });

  constructor(path: string, layout: Layout) {
    this.layout = layout;
    this.database = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
    // 32 MB at most; pages that are not in it cost a system call each.
    this.database.exec('PRAGMA cache_size = -32000');
  }

  position(): Position {
    const rows = this.all('SELECT partition, next FROM positions') as unknown as [number, number][];
    return rows.reduce<Position>((position, [partition, next]) => advanced(position, partition, next), []);
  }

  epochs(): readonly number[] {
    const rows = this.all('SELECT partition, epoch FROM positions') as unknown as [number, number][];
    const epochs: number[] = [];
    for (const [partition, epoch] of rows) epochs[partition] = epoch;
    return Array.from(epochs, (epoch) => epoch ?? -1);
  }

  count(): number {
    return Number(this.all('SELECT rows FROM totals')[0]?.[0] ?? 0);
  }

  getMany(keys: readonly string[]): (StoredRow | null)[] {
    const found = new Map<string, StoredRow>();
    for (let start = 0; start < keys.length; start += maximumKeys) {
      const rows = this.all(
        `SELECT ${rowColumns} FROM rows WHERE key IN (SELECT value FROM json_each(?)) AND state <> ${stateCodes.TOMBSTONE}`,
        JSON.stringify(keys.slice(start, start + maximumKeys)),
      ) as unknown as ReadRow[];
      for (const row of rows) found.set(row[0], toStoredRow(row));
    }
    return keys.map((key) => found.get(key) ?? null);
  }

  firstResult(key: string, idempotencyKey: string): StoredRow | null {
    const [found] = this.all(
      `SELECT key, ${stateCodes.ROW}, row, partition, offset, timestamp FROM first_results
       WHERE key = ? AND idempotency_key = ?`,
      key,
      idempotencyKey,
    ) as unknown as ReadRow[];
    return found === undefined ? null : toStoredRow(found);
  }

  page(query: PageQuery): Page {
    const wanted = query.first + 1;
    const statements = planPage(this.layout, query);
    const read: ReadRow[] = [];
    this.inOneTransaction(() => {
      for (const { sql, parameters } of statements) {
        if (read.length === wanted) return;
        read.push(...(this.all(sql, ...parameters, wanted - read.length) as unknown as ReadRow[]));
      }
    });
    const rows = read.slice(0, query.first);
    return {
      rows: rows.map(toStoredRow),
      cursors: rows.map(([key, , , , , , ...values]) => encodePageCursor(query.orderBy, { values, key })),
      hasNextPage: read.length > rows.length,
    };
  }

  scan({ partition, from, limit, bytes: most = scanPageBytes }: ScanQuery): ScanPage {
    return this.inOneTransaction(() => {
      const statement = this.statement(
        `SELECT ${rowColumns} FROM rows WHERE partition = ? AND offset >= ? ORDER BY offset LIMIT ?`,
      );
      const rows: StoredRow[] = [];
      let bytes = 0;
      let isLast = true;
      // Row by row: what is beyond the page's bytes never comes into memory.
      for (const read of statement.iterate(partition, from, limit + 1)) {
        const row = read as unknown as ReadRow;
        const size = Buffer.byteLength(row[0]) + Buffer.byteLength(row[2] ?? '');
        isLast = rows.length < limit && (rows.length === 0 || bytes + size <= most);
        if (!isLast) break;
        bytes += size;
        rows.push(toStoredRow(row));
      }
      return { rows, position: this.position(), isLast, bytes };
    });
  }

  close(): void {
    this.database.close();
  }

  private inOneTransaction<T>(work: () => T): T {
    this.database.exec('BEGIN');
    try {
      return work();
    } finally {
      this.database.exec('COMMIT');
    }
  }

  private all(sql: string, ...parameters: SQLInputValue[]): ColumnValue[][] {
    return this.statement(sql).all(...parameters) as unknown as ColumnValue[][];
  }

  private statement(sql: string): StatementSync {
    let statement = this.statements.get(sql);
    if (statement === undefined) {
      statement = this.database.prepare(sql);
      statement.setReturnArrays(true);
      this.statements.set(sql, statement);
    }
    return statement;
  }
}

const toStoredRow = ([key, state, row, partition, offset, timestamp]: ReadRow): StoredRow =>
  storedRow(key, state, row, partition, offset, timestamp);
