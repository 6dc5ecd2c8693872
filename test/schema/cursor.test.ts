import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isCursor } from '../../schema/cursor/check.ts';
import type { Cursor } from '../../schema/cursor/cursor.ts';
import { decodeCursor } from '../../schema/cursor/decode.ts';
import { CursorEncoder, encodeCursor } from '../../schema/cursor/encode.ts';
import { PositionCursor } from '../../schema/cursor/position-cursor.ts';
import { TributaryError } from '../../schema/errors.ts';

const uuid = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map((bytes) => Buffer.from(bytes).toString('base64url'));
const id = fc.oneof(uuid, fc.string({ unit: 'grapheme', maxLength: 30 }));
const offset = fc.oneof(fc.maxSafeNat(), fc.nat(), fc.nat(200));
const position = fc.array(offset, { maxLength: 40 });

const cursor: fc.Arbitrary<Cursor> = fc.record({
  clusterId: id,
  topicId: id,
  position,
  epochs: fc.array(fc.oneof(fc.integer({ min: -1, max: 3 }), fc.integer({ min: -1, max: 0x7fffffff }))),
  time: fc.maxSafeNat(),
  filterHash: fc.integer({ min: 0, max: 0xffffffff }),
  snapshotUntil: fc.option(position, { nil: null }),
});

const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return error instanceof TributaryError ? error.code : String(error);
  }
  return 'no error';
};

const ofPartitions = (partitions: number): Cursor => ({
  clusterId: 'MkU3OEVBNTcwNTJENDM2Qg',
  topicId: 'TtqQPQ5xT0qZ0y8kzq0Vxw',
  position: Array.from({ length: partitions }, (_, partition) => 8_000_000 + partition * 1_003),
  epochs: Array.from({ length: partitions }, () => 12),
  time: Date.UTC(2026, 10, 23),
  filterHash: 0xdeadbeef,
  snapshotUntil: null,
});

describe('S5 and S6: cursors', () => {
  test('S6 every cursor comes back as it was', () => {
    fc.assert(
      fc.property(cursor, (made) => {
        expect(decodeCursor(encodeCursor(made))).toEqual(made);
      }),
    );
  });

  test('S6 every cursor of a thousand partitions comes back too, with the epoch of each and an unfinished snapshot', () => {
    const large = { minLength: 1_000, maxLength: 1_000, size: 'max' } as const;
    const offsets = fc.array(offset, large);
    const wide = fc.record({
      clusterId: uuid,
      topicId: uuid,
      position: offsets,
      epochs: fc.array(fc.integer({ min: -1, max: 0x7fffffff }), large),
      time: fc.maxSafeNat(),
      filterHash: fc.integer({ min: 0, max: 0xffffffff }),
      snapshotUntil: fc.option(offsets, { nil: null }),
    });
    fc.assert(
      fc.property(wide, (made) => {
        const text = encodeCursor(made);
        expect(decodeCursor(text)).toEqual(made);
        expect(text.length).toBeLessThan(65_536);
      }),
      { numRuns: 25 },
    );
  });

  test('S5 offsets are exact up to 2^53', () => {
    const limits = [0, 127, 128, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 42 + 1, Number.MAX_SAFE_INTEGER];
    const made = { ...ofPartitions(0), position: limits };
    expect(decodeCursor(encodeCursor(made)).position).toEqual(limits);
  });

  test('S6 an encoder that is kept gives what one made anew gives', () => {
    fc.assert(
      fc.property(cursor, fc.array(cursor, { maxLength: 5 }), (identity, progress) => {
        const kept = new CursorEncoder(identity);
        for (const next of progress) {
          const { clusterId, topicId, filterHash } = identity;
          expect(kept.encode(next)).toBe(encodeCursor({ ...next, clusterId, topicId, filterHash }));
        }
      }),
    );
  });

  test('S6 sizes at 6, 100 and 1,000 partitions', () => {
    const sizes = [6, 100, 1_000].map((partitions) => encodeCursor(ofPartitions(partitions)).length);
    expect(sizes).toEqual([102, 603, 5407]);
  });

  test('S6 any one changed, added or lost character is noticed', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    fc.assert(
      fc.property(cursor, fc.nat(), fc.nat(63), fc.nat(2), (made, place, letter, way) => {
        const text = encodeCursor(made);
        const at = place % text.length;
        const damaged =
          text.slice(0, at) + (way > 0 ? alphabet[letter] : '') + text.slice(at + (way < 2 ? 1 : 0));
        fc.pre(damaged !== text);
        expect(codeOf(() => decodeCursor(damaged))).toBe('CURSOR_INVALID');
      }),
    );
  });

  test('S6 hostile text throws CURSOR_INVALID and nothing else', () => {
    const hostile = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.base64String(),
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
    );
    fc.assert(
      fc.property(hostile, (text) => {
        expect(codeOf(() => decodeCursor(text))).toBe('CURSOR_INVALID');
      }),
    );
  });

  test('S6 bytes with a good checksum but no cursor in them throw CURSOR_INVALID', async () => {
    const { crc32 } = await import('node:zlib');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), fc.nat(7), (body, has) => {
        const bytes = Buffer.from([1, has, ...body, 0, 0, 0, 0]);
        bytes.writeUInt32BE(crc32(bytes.subarray(0, -4)), bytes.length - 4);
        const code = codeOf(() => decodeCursor(bytes.toString('base64url')));
        expect(['CURSOR_INVALID', 'no error']).toContain(code);
      }),
    );
  });

  test('S10 the cursor of another stream at the same position is made from that of one', () => {
    fc.assert(
      fc.property(cursor, fc.integer({ min: 0, max: 0xffffffff }), (one, filterHash) => {
        const shared = new PositionCursor(encodeCursor(one));
        expect(shared.withFilter(filterHash)).toBe(encodeCursor({ ...one, filterHash }));
        expect(shared.withFilter(one.filterHash)).toBe(encodeCursor(one));
      }),
    );
    expect(codeOf(() => new PositionCursor('x'))).toBe('CURSOR_INVALID');
  });

  test('S6 a text is a cursor by the check exactly where it can be read', async () => {
    const { crc32 } = await import('node:zlib');
    const sealed = (bytes: Buffer): string => {
      bytes.writeUInt32BE(crc32(bytes.subarray(0, -4)), bytes.length - 4);
      return bytes.toString('base64url');
    };
    const ofUuids = fc.record({ clusterId: uuid, topicId: uuid });
    const agree = (text: string): void =>
      expect([text, isCursor(text)]).toEqual([text, codeOf(() => decodeCursor(text)) === 'no error']);
    fc.assert(
      fc.property(cursor, ofUuids, fc.nat(), fc.nat(255), (one, ids, at, byte) => {
        for (const each of [one, { ...one, ...ids }]) {
          const text = encodeCursor(each);
          expect(isCursor(text)).toBe(true);
          const place = at % text.length;
          agree(text.slice(0, place));
          agree(text.slice(0, place) + String.fromCharCode(byte) + text.slice(place + 1));
          const bytes = Buffer.from(text, 'base64url');
          bytes[at % bytes.length] = byte;
          agree(bytes.toString('base64url'));
          agree(sealed(bytes));
        }
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 160 }), fc.constantFrom(3, 7), (body, has) => {
        agree(sealed(Buffer.from([1, has, ...body, 0, 0, 0, 0])));
      }),
    );
    agree('A'.repeat(65_537));
  });

  test.each([
    ['', 'it is empty'],
    ['A'.repeat(65_537), 'it is longer than 65536 characters'],
    ['not a cursor!', 'it is not base64url'],
    ['AQ==', 'it is not base64url'],
    ['AgAAAAAAAAAA', 'it has the unknown version 2'],
    ['AQAA', 'it ends too early'],
    ['AQAAAAAAAAAA', 'it is damaged'],
  ])('S6 says what is wrong with %.20j', (text, reason) => {
    expect(() => decodeCursor(text)).toThrow(
      `The cursor cannot be read: ${reason}. Subscribe without it, or from EARLIEST, LATEST or a time.`,
    );
  });

  test('S6 a topic with more partitions than a cursor can hold is refused when it is encoded', () => {
    expect(() => encodeCursor(ofPartitions(10_001))).toThrow(
      'The topic has 10001 partitions; a cursor holds at most 10000.',
    );
    expect(decodeCursor(encodeCursor(ofPartitions(10_000))).position).toHaveLength(10_000);
  });
});
