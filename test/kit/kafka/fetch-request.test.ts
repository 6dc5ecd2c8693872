import { fetchV13, fetchV14, fetchV15, fetchV16, fetchV17, Writer } from '@platformatic/kafka';
import { expect, test } from 'vitest';
import { fetchRequest } from '../../../subgraphs/kit/kafka/fetch-request.ts';

const uuid = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';
const topicId = Buffer.from(uuid.replaceAll('-', ''), 'hex').toString('base64url');

test.each([
  [13, fetchV13],
  [14, fetchV14],
  [15, fetchV15],
  [16, fetchV16],
  [17, fetchV17],
])('a fetch of version %i is what the client library writes', (version, api) => {
  // More partitions than a varint of one byte counts, and an offset beyond 32 bits.
  const partitions = Array.from({ length: 200 }, (_, partition) => ({
    partition,
    currentLeaderEpoch: partition === 3 ? -1 : 5,
    offset: partition === 7 ? 2 ** 40 + 9 : partition * 1_000,
    lastFetchedEpoch: partition - 1,
    maxBytes: 65_536,
  }));
  const asTheLibrary = partitions.map(({ offset, maxBytes, ...rest }) => ({
    ...rest,
    fetchOffset: BigInt(offset),
    partitionMaxBytes: maxBytes,
  }));
  const body = api.createRequest(
    250,
    1,
    8_000_000,
    1,
    0,
    -1,
    [{ topicId: uuid, partitions: asTheLibrary }],
    [],
    '',
  );
  const whole = Writer.create()
    .appendInt16(1)
    .appendInt16(version)
    .appendInt32(77)
    .appendString('klient ü', false)
    .appendTaggedFields()
    .appendFrom(body)
    .prependLength().buffer;
  const request = { maxWaitMs: 250, maxBytes: 8_000_000, topicId, partitions };
  expect(fetchRequest(request, version, 'klient ü', 77).toString('hex')).toBe(whole.toString('hex'));
});
