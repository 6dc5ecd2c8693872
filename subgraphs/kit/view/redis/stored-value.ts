import { columnValue, type LayoutIndex, stateCodes } from '../sqlite-layout.ts';
import { storedRow } from '../stored-row.ts';
import type { StoredRow } from '../view.ts';
import type { Argument } from './connection.ts';
import { encodeColumn } from './index-entry.ts';
import type { KeyedRecord } from './unit.ts';

/** A column as indexes have it: the same field may stand in one ascending, in another descending. */
interface IndexColumn {
  readonly field: string;
  readonly descending: boolean;
}

/** How records become what the script of a batch takes. */
export class RecordWriter {
  /** For each index the numbers of its columns, from 1: `;1,2;3;`. */
  readonly indexes: string;
  private readonly columns: readonly IndexColumn[];

  constructor(indexes: readonly LayoutIndex[]) {
    const numbers = new Map<string, number>();
    const columns: IndexColumn[] = [];
    const numberOf = ({ field, descending }: IndexColumn): number => {
      const name = `${descending ? '-' : '+'}${field}`;
      const known = numbers.get(name);
      if (known !== undefined) return known;
      numbers.set(name, columns.push({ field, descending }));
      return columns.length;
    };
    this.indexes = indexes.map((index) => `${index.columns.map(numberOf).join(',')};`).join('');
    this.columns = columns;
  }

  /** Key, offset, timestamp, state, row, idempotency key, columns. */
  arguments({ key, offset, timestamp, state, row, idempotencyKey = '' }: KeyedRecord): Argument[] {
    const columns = row === null ? '' : this.pack(row);
    const text = row === null ? '' : JSON.stringify(row);
    return [key, offset, timestamp, stateCodes[state], text, idempotencyKey, columns];
  }

  private pack(row: Readonly<Record<string, unknown>>): Buffer {
    const parts = this.columns.map(({ field, descending }) =>
      encodeColumn(columnValue(row[field]), descending),
    );
    const packed = Buffer.allocUnsafe(parts.reduce((sum, part) => sum + part.length + 4, 0));
    let at = 0;
    for (const part of parts) {
      at = packed.writeUInt32BE(part.length, at);
      at += part.copy(packed, at);
    }
    return packed;
  }
}

const comma = 0x2c;

/** A row as scripts store it: `state,offset,timestamp,length,` the row's JSON of that length, and the columns. */
export function readStored(key: string, partition: number, value: Buffer): StoredRow {
  const afterState = value.indexOf(comma);
  const afterOffset = value.indexOf(comma, afterState + 1);
  const afterTimestamp = value.indexOf(comma, afterOffset + 1);
  const start = value.indexOf(comma, afterTimestamp + 1) + 1;
  const number = (from: number, to: number): number => Number(value.toString('latin1', from, to));
  const state = number(0, afterState);
  const length = number(afterTimestamp + 1, start - 1);
  const text = state === stateCodes.ROW ? value.toString('utf8', start, start + length) : null;
  const offset = number(afterState + 1, afterOffset);
  return storedRow(key, state, text, partition, offset, number(afterOffset + 1, afterTimestamp));
}
