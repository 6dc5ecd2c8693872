import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { StreamEvent } from '../../../subgraphs/kit/stream/event.ts';
import {
  type BoundFilter,
  bindFilters,
  compileFilters,
  deliverChange,
  deliverEvent,
} from '../../../subgraphs/kit/stream/filter.ts';
import { FilterIndex } from '../../../subgraphs/kit/stream/filter-index.ts';
import { Stream } from '../../../subgraphs/kit/stream/stream.ts';

const event = (
  row: StreamEvent['row'],
  old: StreamEvent['old'],
  state: StreamEvent['state'] = row ? 'ROW' : 'TOMBSTONE',
): StreamEvent => ({
  partition: 1,
  offset: 7,
  timestamp: 0,
  key: 'k',
  state,
  row,
  old,
  oldUnreadable: false,
  bytes: 10,
});
const atJfk: BoundFilter[] = [{ field: 'origin', operator: 'EQUAL', value: 'JFK' }];
const inJfk = compileFilters(atJfk);

describe('filters', () => {
  test('arguments that are null or not given make no filter', () => {
    const described = [
      { argument: 'origin', field: 'origin', operator: 'EQUAL' as const },
      { argument: 'kinds', field: 'kind', operator: 'IN' as const },
    ];
    expect(bindFilters(described, { origin: null })).toEqual([]);
    expect(bindFilters(described, { kinds: ['A'] })).toEqual([
      { field: 'kind', operator: 'IN', value: ['A'] },
    ]);
  });

  test.each([
    ['EQUAL', 'b', [false, true, false]],
    ['IN', ['a', 'c'], [true, false, true]],
    ['FROM', 'b', [false, true, true]],
    ['BEFORE', 'b', [true, false, false]],
  ] as const)('%s compares the row with its value', (operator, value, expected) => {
    const matches = compileFilters([{ field: 'f', operator, value }]);
    expect(['a', 'b', 'c'].map((f) => matches({ f }))).toEqual(expected);
    expect(matches({ f: null })).toBe(false);
  });

  test('a composite key equals another with the same fields in another order', () => {
    const matches = compileFilters([{ field: 'f', operator: 'EQUAL', value: { a: 1, b: 2 } }]);
    expect(matches({ f: { b: 2, a: 1 } })).toBe(true);
  });
});

describe('S3 filters on change streams compare the old and the new row', () => {
  const jfk = { origin: 'JFK' };
  const lga = { origin: 'LGA' };
  test.each([
    ['entering', jfk, lga, 'UPSERT'],
    ['staying', jfk, jfk, 'UPSERT'],
    ['new', jfk, null, 'UPSERT'],
    ['leaving', lga, jfk, 'DELETE'],
    ['a tombstone of a row inside', null, jfk, 'DELETE'],
    ['outside before and after', lga, lga, undefined],
    ['a tombstone of a row outside', null, lga, undefined],
  ] as const)('S3 %s', (_name, row, old, kind) => {
    expect(deliverChange(event(row, old), inJfk, false)?.kind).toBe(kind);
  });

  test('S3 without a filter every tombstone is a DELETE', () => {
    expect(deliverChange(event(null, null), () => true, true)?.kind).toBe('DELETE');
  });

  test('S3 what replaces an unreadable record is told to all: nothing says whose row it was', () => {
    const repaired = { ...event(lga, null), oldUnreadable: true };
    const removed = { ...event(null, null), oldUnreadable: true };
    expect(deliverChange(repaired, inJfk, false)?.kind).toBe('DELETE');
    expect(deliverChange(removed, inJfk, false)?.kind).toBe('DELETE');
    const stream = new Stream({ start: [0, 7] });
    const kinds: unknown[] = [];
    stream.subscribe({
      change: true,
      filters: atJfk,
      deliver: ({ kind }) => kinds.push(kind),
      missed: () => undefined,
    });
    stream.publish(1, [removed], 8);
    expect(kinds).toEqual(['DELETE']);
  });

  test('S23 an unreadable record is told to those whose row it was', () => {
    expect(deliverChange(event(null, jfk, 'UNREADABLE'), inJfk, false)).toMatchObject({
      kind: 'UPSERT',
      row: null,
      unreadable: true,
    });
    expect(deliverChange(event(null, lga, 'UNREADABLE'), inJfk, false)).toBeNull();
  });
});

test('S1 an event stream delivers every record that matches, and none that does not decode', () => {
  expect(deliverEvent(event({ origin: 'JFK' }, null), inJfk)).toMatchObject({
    at: [1, 7],
    row: { origin: 'JFK' },
    kind: null,
  });
  expect(deliverEvent(event({ origin: 'LGA' }, null), inJfk)).toBeNull();
  expect(deliverEvent(event(null, null, 'UNREADABLE'), () => true)).toBeNull();
});

describe('the filter index', () => {
  const value = fc.constantFrom('a', 'b', 'c');
  const row = fc.record({ x: value, y: value });
  const filter = fc.oneof(
    fc.constant<BoundFilter[]>([]),
    fc
      .record({ field: fc.constantFrom('x', 'y'), operator: fc.constant('EQUAL' as const), value })
      .map((one) => [one]),
    fc
      .record({
        field: fc.constantFrom('x', 'y'),
        operator: fc.constant('IN' as const),
        value: fc.array(value),
      })
      .map((one) => [one, { field: 'y', operator: 'FROM' as const, value: 'b' }]),
  );

  test('finds each subscriber that the old or the new row meets, once', () => {
    fc.assert(
      fc.property(fc.array(filter), fc.option(row), fc.option(row), (filters, now, before) => {
        const index = new FilterIndex<number>();
        for (const [subscriber, one] of filters.entries()) index.add(one, subscriber);
        const found: number[] = [];
        index.candidates(now, before, (subscriber) => found.push(subscriber));
        expect(new Set(found).size).toBe(found.length);
        filters.forEach((one, subscriber) => {
          const matches = compileFilters(one);
          if ((now !== null && matches(now)) || (before !== null && matches(before)))
            expect(found).toContain(subscriber);
        });
        for (const [subscriber, one] of filters.entries()) index.remove(one, subscriber);
        expect(index.isEmpty).toBe(true);
      }),
    );
  });

  test('costs what an event matches, not what is subscribed', () => {
    const index = new FilterIndex<number>();
    for (let key = 0; key < 10_000; key++)
      index.add([{ field: 'id', operator: 'EQUAL', value: `k${key}` }], key);
    const found: number[] = [];
    index.candidates({ id: 'k42' }, { id: 'k42' }, (subscriber) => found.push(subscriber));
    expect(found).toEqual([42]);
  });
});

describe('the cost of an event', () => {
  /** How often 100 events were offered to somebody, each about one key, among subscribers on keys of their own. */
  const offersAmong = (subscribers: number): { offers: number; delivered: number } => {
    const stream = new Stream({ start: [0, 0] });
    let delivered = 0;
    for (let key = 0; key < subscribers; key++) {
      stream.subscribe({
        change: false,
        filters: [{ field: 'origin', operator: 'EQUAL', value: `k${key}` }],
        deliver: () => delivered++,
        missed: () => undefined,
      });
    }
    for (let number = 0; number < 100; number++) {
      stream.publish(1, [{ ...event({ origin: `k${number}` }, null), offset: number }], number + 1);
    }
    return { offers: stream.offers, delivered };
  };

  test.each([100, 10_000])('with %i subscribers is one offer, to whom it is for', (subscribers) => {
    expect(offersAmong(subscribers)).toEqual({ offers: 100, delivered: 100 });
  });
});
