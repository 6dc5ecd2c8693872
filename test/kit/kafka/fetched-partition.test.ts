import type { RecordsBatch } from '@platformatic/kafka';
import { expect, test } from 'vitest';
import type { FetchResponsePartition } from '../../../subgraphs/kit/kafka/fetch-answer.ts';
import { readFetchedPartition } from '../../../subgraphs/kit/kafka/fetched-partition.ts';

type Kind = 'data' | 'transaction' | 'abort' | 'commit';

const batch = (kind: Kind, first: number, count: number, producer = -1): RecordsBatch => {
  const control = kind === 'abort' || kind === 'commit';
  return {
    firstOffset: BigInt(first),
    length: 0,
    partitionLeaderEpoch: 4,
    magic: 2,
    crc: 0,
    attributes: (kind === 'data' ? 0 : 0x10) | (control ? 0x20 : 0),
    lastOffsetDelta: count - 1,
    firstTimestamp: 1_000n,
    maxTimestamp: 2_000n,
    producerId: BigInt(producer),
    producerEpoch: 0,
    firstSequence: 0,
    records: Array.from({ length: count }, (_, offsetDelta) => ({
      length: 10,
      attributes: 0,
      timestampDelta: BigInt(offsetDelta),
      offsetDelta,
      // Version, then type: 0 abort, 1 commit (KIP-98).
      key: control ? Buffer.from([0, 0, 0, kind === 'abort' ? 0 : 1]) : null,
      value: Buffer.from(String(first + offsetDelta)),
      headers: [],
    })),
  };
};

const answer = (
  records: RecordsBatch[] | null,
  aborted: readonly (readonly [producer: number, first: number])[] = [],
): FetchResponsePartition => ({
  partitionIndex: 0,
  errorCode: 0,
  highWatermark: 100n,
  lastStableOffset: 100n,
  logStartOffset: 0n,
  abortedTransactions: aborted.map(([producer, first]) => ({
    producerId: BigInt(producer),
    firstOffset: BigInt(first),
  })),
  preferredReadReplica: -1,
  records,
});

const offsets = (found: { readonly records: readonly { readonly offset: number }[] }) =>
  found.records.map(({ offset }) => offset);

test('S5 the position comes from the batch: gaps of compaction and empty batches are passed', () => {
  const compacted = { ...batch('data', 10, 2), lastOffsetDelta: 9 };
  const emptied = { ...batch('data', 20, 0), lastOffsetDelta: 4 };
  const found = readFetchedPartition(answer([compacted, emptied]), 10);
  expect(offsets(found)).toEqual([10, 11]);
  expect(found.next).toBe(25);
  expect(found.leaderEpoch).toBe(4);
});

test('S5 nothing leaves the position where it was', () => {
  expect(readFetchedPartition(answer(null), 7)).toEqual({
    records: [],
    undecodable: [],
    next: 7,
    leaderEpoch: -1,
    bytes: 0,
  });
});

test('S5 records below the offset asked for are dropped', () => {
  expect(offsets(readFetchedPartition(answer([batch('data', 5, 5)]), 8))).toEqual([8, 9]);
});

test('S5 an aborted transaction whose marker is in a later answer is left out', () => {
  const found = readFetchedPartition(
    answer([batch('transaction', 0, 3, 1), batch('data', 3, 1)], [[1, 0]]),
    0,
  );
  expect(offsets(found)).toEqual([3]);
  expect(found.next).toBe(4);
});

test('S5 abort, commit, abort by one producer: only the commit comes', () => {
  const found = readFetchedPartition(
    answer(
      [
        batch('transaction', 0, 2, 1),
        batch('abort', 2, 1, 1),
        batch('transaction', 3, 2, 1),
        batch('commit', 5, 1, 1),
        batch('transaction', 6, 2, 1),
        batch('abort', 8, 1, 1),
      ],
      [
        [1, 6],
        [1, 0],
      ],
    ),
    0,
  );
  expect(offsets(found)).toEqual([3, 4]);
  expect(found.next).toBe(9);
});

test('S5 interleaved transactions of two producers are told apart', () => {
  const found = readFetchedPartition(
    answer(
      [
        batch('transaction', 0, 1, 1),
        batch('transaction', 1, 1, 2),
        batch('transaction', 2, 1, 1),
        batch('commit', 3, 1, 2),
        batch('abort', 4, 1, 1),
        batch('data', 5, 1),
      ],
      [[1, 0]],
    ),
    0,
  );
  expect(offsets(found)).toEqual([1, 5]);
});

test('timestamps are those of the records, or the broker’s where the topic says so', () => {
  const found = readFetchedPartition(answer([batch('data', 0, 2)]), 0);
  expect(found.records.map(({ timestamp }) => timestamp)).toEqual([1_000, 1_001]);
  const appended = { ...batch('data', 0, 2), attributes: 0x08 };
  expect(readFetchedPartition(answer([appended]), 0).records.map(({ timestamp }) => timestamp)).toEqual([
    2_000, 2_000,
  ]);
});
