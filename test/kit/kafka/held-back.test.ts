import { expect, test } from 'vitest';
import { StableOffsets } from '../../../subgraphs/kit/kafka/held-back.ts';
import { HungTransaction } from '../../../subgraphs/kit/kafka/hung-transaction.ts';

test('what a transaction holds back is told of the partition where it is the most, and since when', () => {
  const offsets = new StableOffsets();
  expect(offsets.worst(0)).toBeNull();
  offsets.observe(0, 10, 10, 0);
  expect(offsets.worst(0)).toBeNull();
  offsets.observe(2, 10, 4, 1_000);
  offsets.observe(0, 12, 10, 2_000);
  expect(offsets.worst(3_000)).toEqual({ partition: 2, records: 6, seconds: 2 });
  // More is written behind it: it is the same transaction.
  offsets.observe(2, 30, 4, 5_000);
  expect(offsets.worst(6_000)).toEqual({ partition: 2, records: 26, seconds: 5 });
  // It ended, and another one began.
  offsets.observe(2, 31, 29, 7_000);
  expect(offsets.worst(8_000)).toEqual({ partition: 0, records: 2, seconds: 6 });
  offsets.observe(0, 12, 12, 9_000);
  expect(offsets.worst(9_000)).toEqual({ partition: 2, records: 2, seconds: 2 });
  offsets.observe(2, 31, 31, 9_500);
  expect(offsets.worst(9_500)).toBeNull();
});

test('a transaction that hangs is told to the log once, and once when it has ended', () => {
  const told: unknown[] = [];
  const log = { warn: (context: unknown) => told.push(['warn', context]), info: () => told.push('over') };
  const hung = new HungTransaction('steps', log as never);
  hung.look(null);
  hung.look({ partition: 0, records: 5, seconds: 59 });
  expect(told).toEqual([]);
  hung.look({ partition: 0, records: 5, seconds: 60 });
  hung.look({ partition: 0, records: 7, seconds: 65 });
  expect(told).toEqual([['warn', { topic: 'steps', partition: 0, records: 5, seconds: 60 }]]);
  hung.look(null);
  hung.look(null);
  expect(told).toHaveLength(2);
  expect(told[1]).toBe('over');
});
