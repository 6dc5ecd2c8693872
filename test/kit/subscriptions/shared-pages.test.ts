import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { SharedPages } from '../../../subgraphs/kit/subscriptions/shared-pages.ts';
import { Turns } from '../../../subgraphs/kit/subscriptions/turns.ts';
import type { StoredRow, View } from '../../../subgraphs/kit/view/view.ts';

const collectGarbage = (): void => {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
};

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

/** A view of rows of so many bytes each at the offsets 0, 1, …, of which one is a page. */
const largeRows = (count: number, bytes: number): View =>
  ({
    scan: async ({ from }: { from: number }) => {
      const row: StoredRow = {
        key: `${from}`,
        state: 'ROW',
        row: {},
        partition: 0,
        offset: from,
        timestamp: 0,
      };
      return { rows: [row], position: [count], isLast: from === count - 1, bytes };
    },
  }) as unknown as View;

const megabyte = 1024 * 1024;

test('S12 a page that large rows made short is not the last one', async () => {
  const pages = new SharedPages(largeRows(3, 2 * megabyte), new Turns());
  expect(await pages.page(0, 0)).toMatchObject({ next: 1, isLast: false });
  expect(await pages.page(0, 1)).toMatchObject({ next: 2, isLast: false });
  expect(await pages.page(0, 2)).toMatchObject({ next: 3, isLast: true });
});

test('S12 S22 kept pages are bounded in bytes: the oldest are dropped, the last one read is kept', async () => {
  const pages = new SharedPages(largeRows(20, megabyte), new Turns());
  for (let from = 0; from < 20; from++) await pages.page(0, from);
  expect(pages.reads).toBe(20);
  for (let from = 4; from < 20; from++) await pages.page(0, from);
  expect(pages.reads).toBe(20);
  await pages.page(0, 3);
  expect(pages.reads).toBe(21);
  const huge = new SharedPages(largeRows(2, 100 * megabyte), new Turns());
  for (const from of [0, 1, 1, 0, 0]) await huge.page(0, from);
  expect(huge.reads).toBe(3);
});

test('S12 S22 pages that nobody asks for any more are not kept in memory', async () => {
  let read: WeakRef<object> | null = null;
  const view = {
    scan: async () => {
      const row: StoredRow = { key: 'a', state: 'ROW', row: {}, partition: 0, offset: 0, timestamp: 0 };
      read = new WeakRef(row);
      return { rows: [row], position: [1], isLast: true, bytes: 10 };
    },
  } as unknown as View;
  const pages = new SharedPages(view, new Turns());
  await pages.page(0, 0);
  await pages.page(0, 0);
  expect(pages.reads).toBe(1);
  vi.advanceTimersByTime(1_001);
  await new Promise(setImmediate);
  collectGarbage();
  expect((read as WeakRef<object> | null)?.deref()).toBeUndefined();
  expect((await pages.page(0, 0)).rows.length).toBe(1);
});
