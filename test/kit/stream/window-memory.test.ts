import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import type { StreamEvent } from '../../../subgraphs/kit/stream/event.ts';
import { Window } from '../../../subgraphs/kit/stream/window.ts';

const collectGarbage = (): void => {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
};

const event = (offset: number): StreamEvent => ({
  partition: 0,
  offset,
  timestamp: 0,
  key: `${offset}`,
  state: 'ROW',
  row: { offset },
  old: null,
  oldUnreadable: false,
  bytes: 1_000_000,
});

test('S22 what the window has dropped is not kept in memory: 500 records of 1 MB are not held by one of 10 MB', async () => {
  const window = new Window([0], { bytes: 10_000_000, ageMs: 60_000 });
  const rows = Array.from({ length: 500 }, (_, offset) => {
    const pushed = event(offset);
    window.push(pushed, 0);
    return new WeakRef(pushed.row ?? {});
  });
  await new Promise(setImmediate);
  collectGarbage();
  expect(window.size).toBe(10);
  expect(rows.filter((row) => row.deref() !== undefined).length).toBeLessThanOrEqual(20);
});
