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

test('S12 S22 pages that nobody asks for any more are not kept in memory', async () => {
  let read: WeakRef<object> | null = null;
  const view = {
    scan: async () => {
      const row: StoredRow = { key: 'a', state: 'ROW', row: {}, partition: 0, offset: 0, timestamp: 0 };
      read = new WeakRef(row);
      return { rows: [row], position: [1] };
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
