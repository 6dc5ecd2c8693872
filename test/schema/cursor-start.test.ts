import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeCursor } from '../../schema/cursor/encode.ts';
import { filterHash } from '../../schema/cursor/filter-hash.ts';
import { parsePosition } from '../../schema/cursor/start.ts';

describe('S7: where a stream begins', () => {
  test('S7 EARLIEST, LATEST and a cursor', () => {
    const cursor = {
      clusterId: 'a',
      topicId: 'b',
      position: [1],
      epochs: [0],
      time: 0,
      filterHash: 0,
      snapshotUntil: null,
    };
    expect(parsePosition('EARLIEST')).toEqual({ kind: 'EARLIEST' });
    expect(parsePosition('LATEST')).toEqual({ kind: 'LATEST' });
    expect(parsePosition(encodeCursor(cursor))).toEqual({ kind: 'CURSOR', cursor });
  });

  test('S7 every time of the ISO calendar is read as Date reads it', () => {
    const dates = fc.date({
      min: new Date('0000-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59.999Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(dates, (date) => {
        expect(parsePosition(date.toISOString())).toEqual({ kind: 'TIME', time: date.getTime() });
      }),
    );
  });

  test.each([
    ['2013-02-08T13:00:00-05:00', '2013-02-08T18:00:00Z'],
    ['2013-02-08t18:00:00.123456z', '2013-02-08T18:00:00.123Z'],
    ['2013-02-08 23:30:00+05:30', '2013-02-08T18:00:00Z'],
    ['2012-02-29T00:00:00Z', '2012-02-29T00:00:00Z'],
    ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00Z'],
  ])('S7 %s', (text, same) => {
    expect(parsePosition(text)).toEqual({ kind: 'TIME', time: Date.parse(same) });
  });

  test.each([
    ['2013-02-08', '"2013-02-08" is no RFC 3339 time; write it like 2013-02-08T18:00:00Z, with a time zone.'],
    [
      '2013-02-08T18:00:00',
      '"2013-02-08T18:00:00" is no RFC 3339 time; write it like 2013-02-08T18:00:00Z, with a time zone.',
    ],
    ['2013-02-29T18:00:00Z', '"2013-02-29T18:00:00Z" is a time that does not exist.'],
    ['2013-13-01T18:00:00Z', '"2013-13-01T18:00:00Z" is a time that does not exist.'],
    ['earliest', '"earliest" is written EARLIEST.'],
    [
      'yesterday',
      'The cursor cannot be read: it is not base64url. Subscribe without it, or from EARLIEST, LATEST or a time.',
    ],
  ])('S7 %s is refused with the reason', (text, message) => {
    expect(() => parsePosition(text)).toThrow(expect.objectContaining({ code: 'CURSOR_INVALID', message }));
  });
});

describe('S8: the hash of a filter', () => {
  test('S8 neither the order of arguments nor nulls nor the position change it', () => {
    const hash = filterHash('flightChanges', { origin: 'JFK', status: ['LATE', 'GONE'] });
    expect(filterHash('flightChanges', { status: ['LATE', 'GONE'], origin: 'JFK', from: 'EARLIEST' })).toBe(
      hash,
    );
    expect(filterHash('flightChanges', { origin: 'JFK', status: ['LATE', 'GONE'], gate: null })).toBe(hash);
    expect(
      filterHash('flightChanges', { origin: 'JFK', status: ['LATE', 'GONE'], since: 'x' }, 'since'),
    ).toBe(hash);
  });

  test('S8 the field, a value, its type and its place change it', () => {
    const all = [
      filterHash('a', {}),
      filterHash('b', {}),
      filterHash('a', { x: 1 }),
      filterHash('a', { x: '1' }),
      filterHash('a', { y: 1 }),
      filterHash('a', { x: [1] }),
      filterHash('a', { x: { y: 1 } }),
      filterHash('a', { x: { y: 1, z: null } }),
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  test('S8 it is the same in every process and release', () => {
    expect(filterHash('flightChanges', { origin: 'JFK', window: { b: 1, a: [true] } })).toBe(2998974170);
  });

  test('S8 it is 32 bits unsigned, whatever the arguments', () => {
    fc.assert(
      fc.property(fc.string(), fc.dictionary(fc.string(), fc.jsonValue()), (field, args) => {
        const hash = filterHash(field, args);
        expect(Number.isInteger(hash) && hash >= 0 && hash <= 0xffffffff).toBe(true);
      }),
    );
  });
});
