import fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { encodeEvent, type RingEntry } from '../../../gateway/subscriptions/event.ts';
import { Ring, RingBudget } from '../../../gateway/subscriptions/ring.ts';
import { encodeCursor } from '../../../schema/cursor/encode.ts';
import type { Position } from '../../../schema/position.ts';

const entry = (number: number, size = 0): RingEntry =>
  encodeEvent(
    { data: { number, padding: 'x'.repeat(size) } },
    { at: [0, number], cursor: `c${number + 1}`, gap: false },
  );

const cursorAt = (position: Position, snapshotUntil: Position | null = null): string =>
  encodeCursor({ clusterId: 'c', topicId: 't', position, epochs: [], time: 1, filterHash: 1, snapshotUntil });

const numberOf = (kept: RingEntry | undefined): number =>
  kept === undefined ? -1 : JSON.parse(kept.bytes.subarray(0, -1).toString()).data.number;

describe('the ring of an operation', () => {
  test('S20 what it keeps is no more memory than it counts, whatever else the process allocates meanwhile', () => {
    const ring = new Ring(100_000, new RingBudget(1_000_000));
    for (let number = 0; number < 1_000; number += 1) {
      ring.append(entry(number, 300));
      // Others take what is left of the block from which Node cuts small buffers.
      for (let other = 0; other < 20; other += 1) Buffer.from('x'.repeat(1_000));
    }
    const blocks = new Set<ArrayBufferLike>();
    for (let index = ring.start; index < ring.end; index += 1) {
      const kept = ring.get(index);
      if (kept !== undefined) blocks.add(kept.bytes.buffer);
    }
    const held = [...blocks].reduce((sum, { byteLength }) => sum + byteLength, 0);
    expect(held).toBeLessThanOrEqual(ring.bytes);
  });

  test('S20 a reader gets every entry once and in order, or knows that it fell off', () => {
    const step = fc.oneof(
      fc.record({ append: fc.nat(400) }),
      fc.record({ reader: fc.nat(3), take: fc.integer({ min: 1, max: 5 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 600 }), (steps) => {
        const ring = new Ring(4000, new RingBudget(1_000_000));
        const readers = [0, 0, 0, 0];
        let appended = 0;
        for (const action of steps) {
          if ('append' in action) {
            ring.append(entry(appended, action.append));
            appended += 1;
            expect(ring.end).toBe(appended);
            expect(ring.bytes <= 4000 || ring.end - ring.start === 1).toBe(true);
            continue;
          }
          for (let taken = 0; taken < action.take; taken += 1) {
            const index = readers[action.reader] ?? 0;
            if (index < ring.start) {
              expect(ring.get(index)).toBeUndefined();
              readers[action.reader] = ring.start;
            } else if (index < ring.end) {
              expect(numberOf(ring.get(index))).toBe(index);
              readers[action.reader] = index + 1;
            } else {
              expect(ring.get(index)).toBeUndefined();
            }
          }
        }
      }),
    );
  });

  test('S14 the oldest join is the cursor behind the entry before the oldest kept', () => {
    const ring = new Ring(4000, new RingBudget(1_000_000));
    ring.progress('c0');
    expect(ring.oldestJoin).toEqual({ index: 0, cursor: 'c0' });
    for (let number = 0; number < 100; number += 1) {
      ring.append(entry(number, 100));
      ring.progress(`p${number + 1}`);
      expect(ring.oldestJoin).toEqual({ index: ring.start, cursor: `c${ring.start}` });
    }
    expect(ring.start).toBeGreaterThan(0);
    expect(ring.head).toBe('p100');
  });

  test('S4 the UP_TO_DATE of a catch-up is for those too who join before it', () => {
    const ring = new Ring(4000, new RingBudget(1_000_000));
    ring.progress(cursorAt([0]));
    ring.append(encodeEvent({ data: {} }, { at: [0, 0], cursor: cursorAt([1]), gap: false }));
    ring.append(encodeEvent({ data: {} }, { at: null, cursor: cursorAt([5]), gap: false }), true);
    expect(ring.oldestJoin).toEqual({ index: 0, cursor: cursorAt([0]) });
  });

  test('S14 nobody joins before an event without a record, nor in the snapshot that a RESET begins', () => {
    const ring = new Ring(4000, new RingBudget(1_000_000));
    ring.progress('c0');
    ring.append(entry(0));
    ring.append(encodeEvent({ data: {} }, { at: null, cursor: cursorAt([5]), gap: false }));
    expect(ring.oldestJoin).toEqual({ index: 2, cursor: cursorAt([5]) });
    ring.append(encodeEvent({ data: {} }, { at: null, cursor: cursorAt([0], [5]), gap: false }));
    expect(ring.oldestJoin).toBeNull();
    ring.append(entry(3));
    ring.progress('p');
    expect(ring.oldestJoin).toBeNull();
    ring.append(encodeEvent({ data: {} }, { at: null, cursor: cursorAt([6]), gap: false }));
    expect(ring.oldestJoin).toEqual({ index: 5, cursor: cursorAt([6]) });
  });

  test('an event larger than the bound still reaches clients', () => {
    const ring = new Ring(1000, new RingBudget(1_000_000));
    ring.append(entry(0));
    ring.append(entry(1, 5000));
    expect(numberOf(ring.get(1))).toBe(1);
    expect(ring.end - ring.start).toBe(1);
  });

  test('S20 what is kept is not dropped, neither for the ring nor for the process; then the bounds hold again', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ size: fc.nat(400), keep: fc.nat(20) }), { maxLength: 100 }),
        (steps) => {
          const budget = new RingBudget(3000);
          const ring = new Ring(2000, budget);
          const other = new Ring(2000, budget);
          let kept = 0;
          ring.keepFrom(kept);
          for (const [number, { size, keep }] of steps.entries()) {
            ring.append(entry(number, size));
            other.append(entry(number, size));
            expect(ring.start).toBeLessThanOrEqual(kept);
            expect(numberOf(ring.get(kept))).toBe(kept);
            kept = Math.min(ring.end - 1, kept + keep);
            ring.keepFrom(kept);
          }
          ring.keepFrom(Number.POSITIVE_INFINITY);
          ring.append(entry(steps.length));
          expect(ring.bytes <= 2000 || ring.end - ring.start === 1).toBe(true);
          expect(budget.used).toBe(ring.bytes + other.bytes);
        },
      ),
    );
  });

  test('S20 the bound of the process: the largest ring gives way, the others keep what they have', () => {
    const budget = new RingBudget(10_000);
    const small = new Ring(8000, budget);
    const large = new Ring(8000, budget);
    for (let number = 0; number < 3; number += 1) small.append(entry(number, 100));
    for (let number = 0; number < 40; number += 1) large.append(entry(number, 500));
    expect(budget.used).toBe(small.bytes + large.bytes);
    expect(budget.used).toBeLessThanOrEqual(10_000);
    expect(small.start).toBe(0);
    large.close();
    expect(budget.used).toBe(small.bytes);
    small.close();
    expect(budget.used).toBe(0);
  });

  test('S20 rings that cannot give way are not looked at for every event', () => {
    const budget = new RingBudget(1_000);
    const rings = Array.from({ length: 100 }, () => new Ring(8000, budget));
    for (const ring of rings) ring.append(entry(0, 100));
    const looks = vi.spyOn(Ring.prototype, 'canEvict', 'get');
    onTestFinished(() => looks.mockRestore());
    for (let number = 1; number <= 100; number += 1) rings[0]?.append(entry(number, 100));
    expect(rings[0]?.start).toBe(100);
    expect(looks.mock.calls.length).toBeLessThan(1_000);
  });

  test('S20 one that was kept gives way as soon as it may', () => {
    const budget = new RingBudget(1_000);
    const kept = new Ring(8000, budget);
    kept.keepFrom(0);
    for (let number = 0; number < 10; number += 1) kept.append(entry(number, 500));
    expect(kept.start).toBe(0);
    kept.keepFrom(Number.POSITIVE_INFINITY);
    new Ring(8000, budget).append(entry(0));
    expect(kept.start).toBe(9);
  });
});

describe('a serialised event', () => {
  test('is the payload, whatever it has, and the brace that ends its message', () => {
    const payload = fc.record(
      {
        data: fc.oneof(fc.constant(null), fc.dictionary(fc.string(), fc.jsonValue())),
        errors: fc.array(fc.record({ message: fc.string() }), { maxLength: 2 }),
        extensions: fc.dictionary(
          fc.string().filter((name) => name !== 'tributary' && name !== '__proto__'),
          fc.jsonValue(),
          { maxKeys: 2 },
        ),
      },
      { requiredKeys: [] },
    );
    const stamp = fc.record({
      at: fc.oneof(fc.constant(null), fc.tuple(fc.nat(), fc.nat())),
      cursor: fc.oneof(fc.constant(null), fc.base64String()),
    });
    fc.assert(
      fc.property(payload, stamp, (given, { at, cursor }) => {
        const { bytes, headLength } = encodeEvent(given, { at, cursor, gap: false });
        const { data, errors = [], extensions = {} } = given;
        const tributary = cursor === null ? {} : { tributary: { at, cursor } };
        const all = { ...extensions, ...tributary };
        const expected = {
          ...(data === undefined ? {} : { data }),
          ...(errors.length === 0 ? {} : { errors }),
          ...(Object.keys(all).length === 0 ? {} : { extensions: all }),
        };
        const text = bytes.toString();
        expect(JSON.parse(text.slice(0, -1))).toEqual(JSON.parse(JSON.stringify(expected)));
        expect(text.endsWith('}}')).toBe(true);
        if (cursor !== null)
          expect(bytes.subarray(0, headLength).toString().endsWith('"tributary":')).toBe(true);
      }),
    );
  });
});
