import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeColumn, encodeKey } from '../../../../subgraphs/kit/view/redis/index-entry.ts';
import { type ColumnValue, compareValues } from '../../../../subgraphs/kit/view/sqlite-layout.ts';

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', '\0', '\0\0', 'a\0', 'a\0b', 'a', '\u0001', '\uffff', '🛫'),
);
const value: fc.Arbitrary<ColumnValue> = fc.oneof(
  fc.constant(null),
  fc.double({ noNaN: true }),
  fc.integer(),
  fc.constantFrom(0, -0),
  text,
);
const entry = fc.record({ values: fc.tuple(value, value), key: text });
type Entry = { readonly values: readonly [ColumnValue, ColumnValue]; readonly key: string };

test('entries sort by bytes as rows do: column by column, up or down, then by key', () => {
  fc.assert(
    fc.property(entry, entry, fc.boolean(), fc.boolean(), (a, b, firstDown, secondDown) => {
      const encoded = ({ values: [first, second], key }: Entry): Buffer =>
        Buffer.concat([encodeColumn(first, firstDown), encodeColumn(second, secondDown), encodeKey(key)]);
      const expected =
        compareValues(a.values[0], b.values[0]) * (firstDown ? -1 : 1) ||
        compareValues(a.values[1], b.values[1]) * (secondDown ? -1 : 1) ||
        compareValues(a.key, b.key);
      expect(Math.sign(Buffer.compare(encoded(a), encoded(b)))).toBe(Math.sign(expected) + 0);
    }),
    { numRuns: 2_000 },
  );
});
