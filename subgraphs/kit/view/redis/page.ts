import { encodePageCursor } from '../page-cursor.ts';
import { type ColumnValue, columnValue } from '../sqlite-layout.ts';
import type { Page, PageQuery, StoredRow } from '../view.ts';
import { bytesOf, listOf, textOf } from './answers.ts';
import { encodeColumn, encodeKey } from './index-entry.ts';
import { type IndexRange, meets, type PagePlan } from './page-plan.ts';
import type { RedisPartition } from './partition.ts';
import type { ViewKeys } from './partition-keys.ts';
import { readIndex } from './read-scripts.ts';
import { readStored } from './stored-value.ts';

/** Rows of one range in one answer: bounds how long a script runs. */
const maximumRows = 500;
/** With many ranges each gives a few rows at first, since the page takes few of each. */
const leastRows = 8;

interface Found {
  readonly stored: StoredRow;
  readonly values: readonly ColumnValue[];
  /** Its place in the page's order, by bytes. */
  readonly place: Buffer;
}

/** One range in one partition: read piece by piece, in the page's order. */
interface Source {
  readonly partition: number;
  readonly last: Buffer;
  first: Buffer;
  limit: number;
  found: Found[];
  isDone: boolean;
}

export interface PageReader {
  readonly keys: ViewKeys;
  readonly partitions: readonly RedisPartition[];
}

/**
 * Merges the ranges of all partitions. Each is read as far as the page needs it; a piece is of one moment, as pages of
 * one view are.
 */
export async function readPage(reader: PageReader, plan: PagePlan, query: PageQuery): Promise<Page> {
  const wanted = query.first + 1;
  const sources = sourcesOf(reader.partitions.length, plan.ranges, wanted);
  const rows: Found[] = [];
  while (rows.length < wanted) {
    const hungry = sources.filter(({ found, isDone }) => found.length === 0 && !isDone);
    if (hungry.length > 0) {
      await feed(reader, plan, query, hungry);
      continue;
    }
    const next = nearest(sources);
    if (next === null) break;
    rows.push(next);
  }
  const shown = rows.slice(0, query.first);
  return {
    rows: shown.map(({ stored }) => stored),
    cursors: shown.map(({ stored, values }) => encodePageCursor(query.orderBy, { values, key: stored.key })),
    hasNextPage: rows.length > shown.length,
  };
}

function sourcesOf(partitions: number, ranges: readonly IndexRange[], wanted: number): Source[] {
  const count = partitions * ranges.length;
  const limit = Math.min(maximumRows, wanted, Math.max(leastRows, Math.ceil((2 * wanted) / count)));
  return Array.from({ length: partitions }, (_, partition) =>
    ranges.map(({ first, last }): Source => ({ partition, first, last, limit, found: [], isDone: false })),
  ).flat();
}

/** Takes the row that comes first among the heads of all sources. */
function nearest(sources: readonly Source[]): Found | null {
  let best: Source | null = null;
  for (const source of sources) {
    const [head] = source.found;
    const [bestHead] = best?.found ?? [];
    if (head === undefined) continue;
    if (bestHead === undefined || Buffer.compare(head.place, bestHead.place) < 0) best = source;
  }
  return best?.found.shift() ?? null;
}

/** One script for each partition, all at once. */
async function feed(
  { keys, partitions }: PageReader,
  { index }: PagePlan,
  query: PageQuery,
  hungry: readonly Source[],
): Promise<void> {
  const byPartition = Map.groupBy(hungry, ({ partition }) => partition);
  await Promise.all(
    [...byPartition].map(async ([partition, sources]) => {
      const names = [keys.meta(partition), keys.rows(partition), keys.index(partition, index)];
      const ranges = sources.flatMap(({ first, last, limit }) => [first, last, limit]);
      const read = await partitions[partition]?.read(readIndex, names, ranges);
      for (const [position, source] of sources.entries()) {
        take(source, read?.answer.slice(position * 3, position * 3 + 3) ?? [], query);
      }
    }),
  );
}

function take(source: Source, [entries, keys, values]: readonly unknown[], query: PageQuery): void {
  const members = listOf(entries);
  const last = bytesOf(members.at(-1) ?? null);
  source.isDone = members.length < source.limit || last === null;
  // The text that follows a member at once is itself with a zero more.
  if (last !== null) source.first = Buffer.concat([last, Buffer.alloc(1)]);
  source.limit = Math.min(source.limit * 2, maximumRows);
  const rows = listOf(values);
  for (const [position, name] of listOf(keys).entries()) {
    const value = bytesOf(rows[position] ?? null);
    if (value === null) continue;
    const stored = readStored(textOf(name), source.partition, value);
    if (meets(stored, query.conditions)) source.found.push(placed(stored, query));
  }
}

function placed(stored: StoredRow, { orderBy }: PageQuery): Found {
  const values = orderBy.map(({ field }) => columnValue(stored.row?.[field]));
  const columns = orderBy.map(({ descending }, i) => encodeColumn(values[i] ?? null, descending));
  return { stored, values, place: Buffer.concat([...columns, encodeKey(stored.key)]) };
}
