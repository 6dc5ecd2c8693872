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
});
