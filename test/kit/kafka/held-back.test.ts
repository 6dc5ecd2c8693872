import { expect, test } from 'vitest';
import { StableOffsets } from '../../../subgraphs/kit/kafka/held-back.ts';
import { HungTransaction } from '../../../subgraphs/kit/kafka/hung-transaction.ts';

test('what a transaction holds back is told of the partition where it has lasted longest, and since when', () => {
  const offsets = new StableOffsets();
  expect(offsets.worst(0)).toBeNull();
  offsets.observe(0, 10, 10, 0);
  expect(offsets.worst(0)).toBeNull();
  offsets.observe(2, 10, 4, 1_000);
  offsets.observe(0, 12, 10, 2_000);
  expect(offsets.worst(3_000)).toEqual({ partition: 2, from: 4, records: 6, seconds: 2 });
  // More is written behind it: it is the same transaction.
  offsets.observe(2, 30, 4, 5_000);
  expect(offsets.worst(6_000)).toEqual({ partition: 2, from: 4, records: 26, seconds: 5 });
  // It ended, and another one began.
  offsets.observe(2, 31, 29, 7_000);
  expect(offsets.worst(8_000)).toEqual({ partition: 0, from: 10, records: 2, seconds: 6 });
  // One that hangs is not hidden by others that hold more.
  offsets.observe(2, 90, 31, 8_500);
  expect(offsets.worst(8_500)).toMatchObject({ partition: 0, records: 2 });
  offsets.observe(2, 90, 88, 9_000);
  offsets.observe(0, 12, 12, 9_000);
  expect(offsets.worst(10_000)).toEqual({ partition: 2, from: 88, records: 2, seconds: 1 });
  offsets.observe(2, 90, 90, 10_500);
  expect(offsets.worst(10_500)).toBeNull();
});

test('a transaction that hangs is told to the log once, and once when it has ended', () => {
  const told: unknown[] = [];
  const log = { warn: (context: unknown) => told.push(['warn', context]), info: () => told.push('over') };
  const held = { partition: 0, from: 3, records: 5 };
  const hung = new HungTransaction('steps', log as never);
  hung.look(null);
  hung.look({ ...held, seconds: 59 });
  expect(told).toEqual([]);
  hung.look({ ...held, seconds: 60 });
  hung.look({ ...held, records: 7, seconds: 65 });
  expect(told).toEqual([['warn', { topic: 'steps', ...held, seconds: 60 }]]);
  hung.look(null);
  hung.look(null);
  expect(told).toHaveLength(2);
  expect(told[1]).toBe('over');
});
