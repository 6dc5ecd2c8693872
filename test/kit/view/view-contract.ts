import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, type TestContext, test } from 'vitest';
import type { TopicDescription } from '../../../schema/description.ts';
import type { QueryShape } from '../../../subgraphs/kit/view/query-shapes.ts';
import type { View } from '../../../subgraphs/kit/view/view.ts';
import { flights, plain, queries, recordOf } from './flights.ts';
import { testEpochs } from './view-contract-epochs.ts';
import { testFolds } from './view-contract-fold.ts';
import { testPages } from './view-contract-pages.ts';
import { testScanBytes } from './view-contract-scan-bytes.ts';

/** Opens a view of a topic that answers pages of these shapes: an empty one, unless the place was used before. */
export type OpenView = (
  description: TopicDescription,
  queries: readonly QueryShape[],
  context: TestContext,
  place: string,
) => Promise<View>;

/** What every view promises, whatever keeps its rows. */
export function viewContract(name: string, open: OpenView): void {
  describe(`${name}: contract of a view`, () => {
    let view: View;
    beforeEach(async (context) => {
      view = await open(flights, queries, context, randomUUID());
    });
    afterEach(() => view?.close());
    testApply(() => view);
    testPositions(() => view);
    testScans(() => view);
    testScanBytes(() => view);
    testPages(() => view);
    testFolds(() => view);
    testEpochs((context, place) => open(flights, queries, context, place));
  });
}

function testApply(view: () => View): void {
  test('S3 apply hands out each record with the row that it replaced', async () => {
    const first = recordOf(0, 0, 'UA1', { id: 'UA1', status: 'SCHEDULED' });
    const second = recordOf(0, 1, 'UA1', { id: 'UA1', status: 'DELAYED' });
    const gone = recordOf(0, 2, 'UA1', null);
    const back = recordOf(0, 3, 'UA1', { id: 'UA1', status: 'SCHEDULED' });
    const changes = [
      ...(await view().apply({ partition: 0, records: [first, second], next: 2 })),
      ...(await view().apply({ partition: 0, records: [gone, back], next: 4 })),
    ];
    expect(changes.map(({ record }) => record)).toEqual([first, second, gone, back]);
    expect(changes.map(({ old }) => old?.row?.status ?? null)).toEqual([null, 'SCHEDULED', 'DELAYED', null]);
    expect(plain(changes[1]!.old)).toEqual({
      key: 'UA1',
      state: 'ROW',
      row: { id: 'UA1', status: 'SCHEDULED' },
      partition: 0,
      offset: 0,
      timestamp: 1_000,
    });
  });

  test('getMany answers in the order asked; unknown and deleted keys are null', async () => {
    const odd = ['', 'with "quotes"', 'nul\0inside', '🛫', 'ü'];
    await view().apply({
      partition: 1,
      records: [
        ...odd.map((key, offset) => recordOf(1, offset, key, { id: key })),
        recordOf(1, 9, 'gone', null),
      ],
      next: 10,
    });
    const asked = ['🛫', 'nobody', '', 'gone', 'nul\0inside', '🛫', 'with "quotes"', 'ü'];
    const rows = await view().getMany(asked);
    expect(rows.map((row) => row?.row?.id ?? null)).toEqual([
      '🛫',
      null,
      '',
      null,
      'nul\0inside',
      '🛫',
      'with "quotes"',
      'ü',
    ]);
    expect(await view().getMany([])).toEqual([]);
  });

  test('S25 the first result of an idempotency key is kept beside later rows, and goes with the key', async () => {
    const write = (offset: number, row: Record<string, unknown> | null, idempotencyKey?: string) =>
      view().apply({
        partition: 0,
        records: [{ ...recordOf(0, offset, 'UA1', row), ...(idempotencyKey ? { idempotencyKey } : {}) }],
        next: offset + 1,
      });
    const first = { id: 'UA1', status: 'DELAYED', delay: '30' };
    await write(0, { id: 'UA1', status: 'SCHEDULED' });
    await write(1, first, 'a');
    await write(2, { id: 'UA1', status: 'CANCELLED' }, 'b');
    await write(3, { id: 'UA1', status: 'DIVERTED' }, 'a');
    await write(4, { id: 'UA1', status: 'ARRIVED' });
    expect(plain(await view().firstResult('UA1', 'a'))).toEqual({
      key: 'UA1',
      state: 'ROW',
      row: first,
      partition: 0,
      offset: 1,
      timestamp: 1_001,
    });
    expect((await view().firstResult('UA1', 'b'))?.row).toMatchObject({ status: 'CANCELLED' });
    expect(await view().firstResult('UA1', 'c')).toBeNull();
    expect(await view().firstResult('UA2', 'a')).toBeNull();
    await write(5, null);
    await write(6, { id: 'UA1', status: 'SCHEDULED' });
    expect(await view().firstResult('UA1', 'a')).toBeNull();
  });

  test('getMany takes more keys than a statement does', async () => {
    const keys = Array.from({ length: 1_234 }, (_, index) => `K${index}`);
    await view().apply({
      partition: 0,
      records: keys.map((key, offset) => recordOf(0, offset, key, { id: key })),
      next: keys.length,
    });
    expect((await view().getMany(keys)).map((row) => row?.key)).toEqual(keys);
  });

  test('a row comes back as it was: nested, absent, null, numbers and booleans', async () => {
    const row = { id: 'UA1', a: { b: [1, null, 'x'] }, n: -0.5, big: 2 ** 53, yes: true, no: null };
    await view().apply({ partition: 0, records: [recordOf(0, 0, 'UA1', row)], next: 1 });
    expect((await view().getMany(['UA1']))[0]?.row).toEqual(row);
  });

  test('S23 an unreadable record hides the older value: getMany says so, pages leave it out', async () => {
    const good = recordOf(0, 0, 'UA1', { id: 'UA1', status: 'SCHEDULED' });
    const bad = recordOf(0, 1, 'UA1', null, 'UNREADABLE');
    const changes = await view().apply({
      partition: 0,
      records: [good, bad, { ...bad, offset: 2 }],
      next: 3,
    });
    expect(changes.map(({ old }) => old?.state ?? null)).toEqual([null, 'ROW', 'UNREADABLE']);
    expect((await view().getMany(['UA1'])).map(plain)).toMatchObject([{ state: 'UNREADABLE', row: null }]);
    expect((await view().page({ conditions: [], orderBy: [], first: 5, after: null })).rows).toEqual([]);
    expect(await view().count()).toBe(0);
  });

  test('count leaves out deleted and unreadable rows', async () => {
    const records = [
      recordOf(0, 0, 'a', {}),
      recordOf(0, 1, 'b', {}),
      recordOf(0, 2, 'c', {}),
      recordOf(0, 3, 'a', null),
      recordOf(0, 4, 'b', null, 'UNREADABLE'),
      recordOf(0, 5, 'never seen', null),
      recordOf(0, 6, 'c', { again: true }),
    ];
    await view().apply({ partition: 0, records, next: 7 });
    expect(await view().count()).toBe(1);
    await view().apply({ partition: 0, records: [recordOf(0, 7, 'b', {})], next: 8 });
    expect(await view().count()).toBe(2);
  });
}

function testPositions(view: () => View): void {
  test('S5 the position is that of the batch, which may lie beyond its last record', async () => {
    expect(view().position).toEqual([]);
    await view().apply({ partition: 2, records: [recordOf(2, 4, 'a', {})], next: 9 });
    expect(view().position).toEqual([0, 0, 9]);
    await view().apply({ partition: 0, records: [], next: 3 });
    expect(view().position).toEqual([3, 0, 9]);
  });

  test('S26 records below the position are skipped and never turn it back', async () => {
    const records = [0, 1, 2].map((offset) => recordOf(0, offset, 'a', { offset }));
    await view().apply({ partition: 0, records, next: 3 });
    const again = await view().apply({ partition: 0, records: records.slice(0, 2), next: 2 });
    expect(again).toEqual([]);
    expect(view().position).toEqual([3]);
    const overlapping = await view().apply({
      partition: 0,
      records: [records[2]!, recordOf(0, 3, 'a', { offset: 3 })],
      next: 4,
    });
    expect(overlapping.map(({ record, old }) => [record.offset, old?.row?.offset])).toEqual([[3, 2]]);
    expect((await view().getMany(['a']))[0]?.row).toEqual({ offset: 3 });
  });

  test('S5 a batch that begins beyond the position is taken: compaction leaves gaps', async () => {
    await view().apply({ partition: 0, records: [recordOf(0, 100, 'a', {})], next: 101 });
    await view().apply({ partition: 0, records: [recordOf(0, 500, 'b', {})], next: 501 });
    expect(view().position).toEqual([501]);
    expect(await view().count()).toBe(2);
  });

  test('S16 what apply resolved can be read at once, also out of a batch of many transactions', async () => {
    const records = Array.from({ length: 5_000 }, (_, offset) =>
      recordOf(0, offset, `K${offset}`, { offset }),
    );
    const changes = await view().apply({ partition: 0, records, next: 5_000 });
    expect(changes.map(({ record }) => record.offset)).toEqual(records.map(({ offset }) => offset));
    expect((await view().getMany(['K0', 'K4999'])).map((row) => row?.offset)).toEqual([0, 4_999]);
    expect(await view().count()).toBe(5_000);
  });

  test('S24 waitFor wakes at the commit, at once when it is there, and with false in the end', async () => {
    const waiting = view().waitFor(1, 2, 60_000);
    const tooFar = view().waitFor(1, 3, 20);
    await view().apply({ partition: 1, records: [recordOf(1, 1, 'a', {})], next: 2 });
    expect(await waiting).toBe(true);
    expect(await view().waitFor(1, 2, 0)).toBe(true);
    expect(await tooFar).toBe(false);
  });

  test('close releases who waits, commits what was taken, and refuses what comes after', async () => {
    const waiting = view().waitFor(0, 1_000, 60_000);
    const taken = view().apply({ partition: 0, records: [recordOf(0, 0, 'a', {})], next: 1 });
    const closing = view().close();
    expect(await waiting).toBe(false);
    expect(await taken).toHaveLength(1);
    await closing;
    await expect(view().getMany(['a'])).rejects.toMatchObject({ code: 'DRAINING' });
    await expect(view().apply({ partition: 0, records: [], next: 2 })).rejects.toMatchObject({
      code: 'DRAINING',
    });
  });
}

function testScans(view: () => View): void {
  test('S4 a scan gives the latest of each key by offset, tombstones and unreadable ones too', async () => {
    const records = [
      recordOf(0, 0, 'a', { v: 0 }),
      recordOf(0, 1, 'b', { v: 1 }),
      recordOf(0, 2, 'a', { v: 2 }),
      recordOf(0, 3, 'c', { v: 3 }),
      recordOf(0, 4, 'c', null),
      recordOf(0, 5, 'd', null, 'UNREADABLE'),
    ];
    await view().apply({ partition: 0, records, next: 8 });
    await view().apply({ partition: 1, records: [recordOf(1, 0, 'x', {})], next: 1 });
    const scan = await view().scan({ partition: 0, from: 0, limit: 3 });
    expect(scan.rows.map(({ key, offset, state }) => [key, offset, state])).toEqual([
      ['b', 1, 'ROW'],
      ['a', 2, 'ROW'],
      ['c', 4, 'TOMBSTONE'],
    ]);
    expect(scan.position).toEqual([8, 1]);
    expect(scan.isLast).toBe(false);
    const rest = await view().scan({ partition: 0, from: 5, limit: 3 });
    expect(rest.rows.map(({ key, state }) => [key, state])).toEqual([['d', 'UNREADABLE']]);
    expect(rest.isLast).toBe(true);
  });

  test('S12 rows and position of a scan are of one moment while records are applied', async () => {
    const applied = (async () => {
      for (let offset = 0; offset < 300; offset += 3) {
        const records = [0, 1, 2].map((i) => recordOf(0, offset + i, `K${(offset + i) % 7}`, { offset }));
        await view().apply({ partition: 0, records, next: offset + 3 });
      }
      return 'done';
    })();
    for (let running = true; running; ) {
      const { rows, position } = await view().scan({ partition: 0, from: 0, limit: 100 });
      expect((rows.at(-1)?.offset ?? -1) + 1).toBe(position[0] ?? 0);
      running = (await Promise.race([applied, new Promise(setImmediate)])) !== 'done';
    }
  });
}
