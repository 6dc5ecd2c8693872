import { createRecordsBatch, Reader, readRecordsBatch } from '@platformatic/kafka';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isPlainBatch, readPlainBatch } from '../../../subgraphs/kit/kafka/record-batch.ts';

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const message = fc.record({
  key: fc.option(bytes, { nil: undefined }),
  value: fc.option(bytes, { nil: undefined }),
  headers: fc.array(fc.tuple(bytes, bytes), { maxLength: 4 }).map((list) => new Map(list)),
  timestamp: fc.bigInt(0n, 2n ** 45n),
});

const written = (messages: readonly object[], compression: 'none' | 'gzip' = 'none'): Buffer => {
  const whole = messages.map((each) => ({ topic: 't', ...each }));
  return Buffer.from(createRecordsBatch(whole as never, { compression } as never).buffer);
};

test('a plain batch is read as the client library reads it', () => {
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 200 }), (messages) => {
      const batch = written(messages);
      expect(isPlainBatch(batch)).toBe(true);
      const { records, ...head } = readPlainBatch(batch);
      const { records: expected, ...expectedHead } = readRecordsBatch(Reader.from(batch));
      expect(head).toEqual(expectedHead);
      expect(records.map((record) => ({ ...record, timestampDelta: BigInt(record.timestampDelta) }))).toEqual(
        expected.map(({ attributes: _, ...record }) => record),
      );
    }),
    { numRuns: 200 },
  );
});

test('S23 a batch that is cut off or spoilt throws, or gives as many records as it says; never bytes behind its end', () => {
  fc.assert(
    fc.property(
      fc.array(message, { minLength: 1, maxLength: 5 }),
      fc.nat(),
      fc.integer({ min: 0, max: 255 }),
      (messages, place, byte) => {
        const whole = written(messages);
        const spoilt = Buffer.from(whole);
        spoilt[61 + (place % (whole.length - 61))] = byte;
        for (const batch of [spoilt, whole.subarray(0, 61 + (place % (whole.length - 61)))]) {
          try {
            expect(readPlainBatch(batch).records).toHaveLength(messages.length);
          } catch (error) {
            expect(error).toBeInstanceOf(RangeError);
          }
        }
      },
    ),
    { numRuns: 500 },
  );
});

test('what is compressed, older or too short is not read here', () => {
  const plain = written([{ value: Buffer.from('a') }]);
  expect(isPlainBatch(written([{ value: Buffer.from('a') }], 'gzip'))).toBe(false);
  const old = Buffer.from(plain);
  old[16] = 1;
  expect(isPlainBatch(old)).toBe(false);
  expect(isPlainBatch(plain.subarray(0, 60))).toBe(false);
});
