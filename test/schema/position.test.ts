import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { advanced, covers, laterOf, nextOffset } from '../../schema/position.ts';

const position = fc.array(fc.nat(1_000), { maxLength: 8 });

describe('S5: positions', () => {
  test('S5 a partition that the position does not know begins at 0', () => {
    expect(nextOffset([5], 1)).toBe(0);
    expect(covers([5], [5, 0])).toBe(true);
    expect(covers([5], [5, 1])).toBe(false);
  });

  test('S5 the later of two covers both, and nothing less does', () => {
    fc.assert(
      fc.property(position, position, (a, b) => {
        const later = laterOf(a, b);
        expect(covers(later, a) && covers(later, b)).toBe(true);
        expect(
          later.every(
            (next, partition) => next === nextOffset(a, partition) || next === nextOffset(b, partition),
          ),
        ).toBe(true);
      }),
    );
  });

  test('S5 advancing moves one partition, and never back', () => {
    fc.assert(
      fc.property(position, fc.nat(10), fc.nat(1_000), (from, partition, next) => {
        const to = advanced(from, partition, next);
        expect(nextOffset(to, partition)).toBe(Math.max(nextOffset(from, partition), next));
        for (const other of from.keys()) {
          if (other !== partition) expect(to[other]).toBe(from[other]);
        }
      }),
    );
  });

  const same = (a: readonly number[], b: readonly number[]): boolean => covers(a, b) && covers(b, a);

  test('S5 joins of positions are a lattice: in any order, however often, the outcome is the same', () => {
    fc.assert(
      fc.property(position, position, position, (a, b, c) => {
        expect(same(laterOf(a, a), a)).toBe(true);
        expect(same(laterOf(a, b), laterOf(b, a))).toBe(true);
        expect(same(laterOf(laterOf(a, b), c), laterOf(a, laterOf(b, c)))).toBe(true);
        expect(same(laterOf(a, []), a)).toBe(true);
      }),
    );
  });

  test('S5 covering is the order of that lattice', () => {
    fc.assert(
      fc.property(position, position, position, (a, b, c) => {
        expect(covers(a, a)).toBe(true);
        expect(covers(a, b)).toBe(same(laterOf(a, b), a));
        if (covers(a, b) && covers(b, c)) expect(covers(a, c)).toBe(true);
        // The least of all that cover both.
        expect(covers(c, a) && covers(c, b)).toBe(covers(c, laterOf(a, b)));
      }),
    );
  });

  test('S5 records that come in any order of partitions lead to the same position', () => {
    const step = fc.tuple(fc.nat(6), fc.nat(1_000));
    fc.assert(
      fc.property(position, fc.array(step, { maxLength: 30 }), fc.nat(), (from, steps, turn) => {
        const walk = (order: readonly (readonly [number, number])[]) =>
          order.reduce((at: readonly number[], [partition, next]) => advanced(at, partition, next), from);
        const cut = steps.length === 0 ? 0 : turn % steps.length;
        const to = walk(steps);
        expect(same(walk([...steps.slice(cut), ...steps.slice(0, cut)]), to)).toBe(true);
        expect(covers(to, from)).toBe(true);
      }),
    );
  });
});
