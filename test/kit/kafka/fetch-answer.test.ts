import { createRecordsBatch, Reader, Writer } from '@platformatic/kafka';
import { expect, test } from 'vitest';
import { parseFetchResponse } from '../../../subgraphs/kit/kafka/fetch-answer.ts';
import { readFetchedPartition } from '../../../subgraphs/kit/kafka/fetched-partition.ts';

/** A batch as a broker stores it: at its offset. */
const batch = (
  firstOffset: number,
  values: readonly string[],
  compression: 'none' | 'gzip' = 'none',
): Buffer => {
  const messages = values.map((value) => ({ topic: 't', value: Buffer.from(value), timestamp: 1n }));
  const bytes = Buffer.from(createRecordsBatch(messages as never, { compression } as never).buffer);
  bytes.writeBigInt64BE(BigInt(firstOffset), 0);
  return bytes;
};

/** A fetch answer with the batches of each partition. */
const answer = (partitions: readonly (readonly Buffer[])[]): Reader =>
  Reader.from(
    Writer.create()
      .appendInt32(0)
      .appendInt16(0)
      .appendInt32(0)
      .appendArray([partitions], (writer, list) => {
        writer.appendUUID('6ba7b810-9dad-11d1-80b4-00c04fd430c8').appendArray(
          [...list.entries()],
          (part, [index, batches]) => {
            const records = Buffer.concat(batches);
            part
              .appendInt32(index)
              .appendInt16(0)
              .appendInt64(100n)
              .appendInt64(100n)
              .appendInt64(0n)
              .appendArray([], () => undefined)
              .appendInt32(-1)
              .appendUnsignedVarInt(records.length + 1)
              .append(records)
              .appendTaggedFields();
          },
          true,
          false,
        );
      })
      .appendTaggedFields().buffer,
  );

const values = (found: ReturnType<typeof readFetchedPartition>) =>
  found.records.map(({ offset, value }) => [offset, String(value)]);

test('S23 a batch that cannot be decoded is passed, and hides no other batch and no other partition', () => {
  const poison = batch(2, ['c', 'd', 'e'], 'gzip');
  poison.fill(0xff, 61);
  const { responses } = parseFetchResponse(
    answer([[batch(0, ['a', 'b']), poison, batch(5, ['f'])], [batch(7, ['other'], 'gzip')]]),
  );
  const [first, second] =
    responses[0]?.partitions.map((partition) => readFetchedPartition(partition, 0)) ?? [];
  if (first === undefined || second === undefined) throw new Error('two partitions were answered');
  expect(values(first)).toEqual([
    [0, 'a'],
    [1, 'b'],
    [5, 'f'],
  ]);
  expect(first.next).toBe(6);
  expect(first.undecodable).toEqual([{ from: 2, until: 5, reason: expect.any(String) }]);
  expect(values(second)).toEqual([[7, 'other']]);
  expect(second.undecodable).toEqual([]);
});

test('a batch that is cut off at the end is asked for again', () => {
  const cut = batch(2, ['c']);
  const { responses } = parseFetchResponse(answer([[batch(0, ['a', 'b']), cut.subarray(0, 40)]]));
  const [partition] = responses[0]?.partitions ?? [];
  if (partition === undefined) throw new Error('a partition was answered');
  const found = readFetchedPartition(partition, 0);
  expect(found.next).toBe(2);
  expect(found.undecodable).toEqual([]);
});
