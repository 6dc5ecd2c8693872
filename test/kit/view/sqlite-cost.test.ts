import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ViewDescription } from '../../../schema/description.ts';
import { indexesFor } from '../../../subgraphs/kit/view/query-shapes.ts';
import { openSqliteView, type SqliteView } from '../../../subgraphs/kit/view/sqlite.ts';
import { layoutOf } from '../../../subgraphs/kit/view/sqlite-layout.ts';
import { planPage } from '../../../subgraphs/kit/view/sqlite-page.ts';
import type { Condition, PageQuery } from '../../../subgraphs/kit/view/view.ts';
import { flights, identity, recordOf } from './flights.ts';

const root = mkdtempSync(join(tmpdir(), 'tributary-view-cost-'));
afterAll(() => rmSync(root, { recursive: true }));

const board: ViewDescription = {
  parent: 'Airport',
  field: 'departures',
  type: 'Flight',
  shape: 'CONNECTION',
  filters: [
    { argument: 'status', field: 'status', operator: 'IN' },
    { argument: 'departureFrom', field: 'departure', operator: 'FROM' },
    { argument: 'departureBefore', field: 'departure', operator: 'BEFORE' },
  ],
  on: [{ field: 'origin', parentField: 'faa' }],
  orderBy: [
    { field: 'departure', descending: true },
    { field: 'delay', descending: false },
  ],
  defaultFirst: 20,
  maximumFirst: 500,
};
const byId: ViewDescription = {
  ...board,
  parent: 'Query',
  field: 'flight',
  shape: 'ONE',
  filters: [{ argument: 'id', field: 'id', operator: 'EQUAL' }],
  on: [],
  orderBy: [],
};

const queries = indexesFor(flights, [board, byId, { ...board, type: 'Other' }]);
let view: SqliteView;
beforeEach(async () => {
  const directory = mkdtempSync(join(root, 'v'));
  view = await openSqliteView({ directory, description: flights, identity, queries });
});
afterEach(() => view.close());

test('indexesFor names each combination of filters with the order, and none for a read by key', () => {
  expect(queries).toEqual([
    { equal: ['origin'], ranges: ['departure'], orderBy: board.orderBy },
    { equal: ['origin', 'status'], ranges: ['departure'], orderBy: board.orderBy },
  ]);
});

describe('every page reads an index from the right place on, without a scan or a sort', () => {
  const origin: Condition = { field: 'origin', operator: 'EQUAL', value: 'JFK' };
  const status: Condition = { field: 'status', operator: 'IN', value: ['DELAYED', 'CANCELLED', null] };
  const range: Condition[] = [
    { field: 'departure', operator: 'FROM', value: '2013-02-08' },
    { field: 'departure', operator: 'BEFORE', value: '2013-02-09' },
  ];
  test.each<[string, Condition[], PageQuery['orderBy'], number]>([
    ['of the parent', [origin], board.orderBy, 1],
    ['in a range', [origin, ...range], board.orderBy, 1],
    ['by a list', [origin, status], board.orderBy, 3],
    ['by a list in a range', [origin, status, ...range], board.orderBy, 3],
    ['by an indexed field', [{ field: 'status', operator: 'EQUAL', value: 'DELAYED' }], [], 1],
  ])('%s', async (_, conditions, orderBy, branches) => {
    const rows = [1, 2, 3].map((n) =>
      recordOf(0, n, `K${n}`, { origin: 'JFK', status: 'DELAYED', departure: '2013-02-08T10', delay: n }),
    );
    await view.apply({ partition: 0, records: rows, next: 4 });
    const { cursors } = await view.page({ conditions, orderBy, first: 1, after: null });
    expect(cursors).toHaveLength(1);
    const layout = layoutOf(flights, queries, 'json');
    const database = new DatabaseSync(view.file, { readOnly: true });
    for (const after of [null, cursors[0]!]) {
      for (const { sql, parameters } of planPage(layout, { conditions, orderBy, first: 1, after })) {
        const plan = database
          .prepare(`EXPLAIN QUERY PLAN ${sql}`)
          .all(...parameters, 2)
          .map(({ detail }) => detail);
        expect(plan.join('\n')).not.toMatch(/SCAN|TEMP B-TREE/);
        expect(plan.filter((line) => String(line).startsWith('SEARCH rows USING INDEX'))).toHaveLength(
          branches,
        );
      }
    }
    database.close();
  });

  test('of getMany and scans', () => {
    const database = new DatabaseSync(view.file, { readOnly: true });
    const plan = (sql: string) => JSON.stringify(database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all());
    expect(plan('SELECT row FROM rows WHERE key IN (SELECT value FROM json_each(?)) AND state <> 1')).toMatch(
      /SEARCH rows USING INDEX rows_key \(key=\?\)/,
    );
    expect(plan('SELECT row FROM rows WHERE partition = 0 AND offset >= 0 ORDER BY offset LIMIT 5')).toMatch(
      /^((?!TEMP).)*SEARCH rows USING INDEX rows_offset \(partition=\? AND offset>\?\)((?!TEMP).)*$/,
    );
    database.close();
  });
});

test('S26 batches that come together share transactions, and none has more than 1,000 records', async () => {
  const lone = Array.from({ length: 120 }, (_, n) => ({
    partition: n % 4,
    records: [recordOf(n % 4, n, `K${n}`, {})],
    next: n + 1,
  }));
  await Promise.all(lone.map((batch) => view.apply(batch)));
  expect(view.stats.records).toBe(120);
  expect(view.stats.transactions).toBeLessThan(60);
  const before = view.stats.transactions;
  const records = Array.from({ length: 2_000 }, (_, n) => recordOf(5, n, `L${n}`, {}));
  await view.apply({ partition: 5, records, next: 2_000 });
  expect(view.stats.transactions - before).toBeGreaterThanOrEqual(2);
  expect(view.stats.transactions - before).toBeLessThanOrEqual(10);
});

test('the writer holds 2,000 records that are not committed; what is beyond waits its turn', async () => {
  let handedOver = 0;
  const row = { toJSON: () => ({ n: handedOver++ }) };
  const records = Array.from({ length: 6_000 }, (_, n) => recordOf(0, n, `K${n}`, row));
  const first = view.apply({ partition: 0, records, next: 6_000 });
  const second = view.apply({ partition: 1, records: [recordOf(1, 0, 'last', row)], next: 1 });
  expect(handedOver).toBe(2_000);
  expect(await first).toHaveLength(6_000);
  await second;
  expect(handedOver).toBe(6_001);
  expect((await view.getMany(['last']))[0]?.row).toEqual({ n: 6_000 });
});

test('records without a key are counted, not applied', async () => {
  const keyless = { ...recordOf(0, 0, '', { a: 1 }), key: null };
  expect(await view.apply({ partition: 0, records: [keyless], next: 1 })).toEqual([]);
  expect(view.position).toEqual([1]);
  expect(view.stats.keyless).toBe(1);
});
