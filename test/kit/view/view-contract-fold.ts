import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DecodedRecord, Row } from '../../../subgraphs/kit/records.ts';
import type { PageQuery, View } from '../../../subgraphs/kit/view/view.ts';
import { queries, recordOf } from './flights.ts';

type Cell = string | number | null;

const statuses = ['SCHEDULED', 'DELAYED', null];
const origins = ['EWR', 'JFK', null];
/** Texts whose order by UTF-8 bytes is not that of JavaScript, numbers below and above, and no value. */
const cells: Cell[] = [null, -2, 0, 0.5, 10, '', '10', '9', 'a', '\uffff', '🛫'];

const rowOf = fc.record({
  origin: fc.constantFrom(...origins),
  status: fc.constantFrom(...statuses),
  departure: fc.constantFrom(...cells),
  delay: fc.constantFrom(...cells),
});

/** What a generated record does to its key: a row, a tombstone, or something unreadable. */
const value = fc.oneof(
  { weight: 6, arbitrary: rowOf },
  { weight: 2, arbitrary: fc.constant('TOMBSTONE' as const) },
  { weight: 1, arbitrary: fc.constant('UNREADABLE' as const) },
);

/** The partition belongs to the key, as it does in Kafka. */
const keys = Array.from({ length: 12 }, (_, index) => ({ key: `K${index}`, partition: index % 3 }));
const step = fc.record({ at: fc.nat(keys.length - 1), value, gap: fc.nat(3) });

const query = fc.record({
  shape: fc.constantFrom(...queries),
  origin: fc.oneof(fc.constantFrom(...origins), fc.subarray(origins)),
  status: fc.oneof(fc.constantFrom(...statuses), fc.subarray(statuses)),
  from: fc.option(fc.constantFrom(...cells)),
  before: fc.option(fc.constantFrom(...cells)),
  first: fc.integer({ min: 1, max: 5 }),
});

export function testFolds(view: () => View): void {
  test('S1 rows equal the topic folded by key, and pages the folded rows filtered and sorted', async () => {
    const ends = [0, 0, 0];
    const model = new Map<string, DecodedRecord>();
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 40 }),
        fc.array(query),
        async (steps, asked) => {
          await applyAll(view(), steps, model, ends);
          expect(view().position).toEqual(ends.slice(0, view().position.length));
          const stored = await view().getMany(keys.map(({ key }) => key));
          expect(stored.map((row) => row?.row ?? null)).toEqual(
            keys.map(({ key }) => model.get(key)?.row ?? null),
          );
          for (const one of asked) await expectPages(view(), pageQuery(one), model);
        },
      ),
      { numRuns: 60 },
    );
  });
}

/** All partitions at once, each cut in two batches, the second handed over before the first is committed. */
async function applyAll(
  view: View,
  steps: readonly { at: number; value: Row | 'TOMBSTONE' | 'UNREADABLE'; gap: number }[],
  model: Map<string, DecodedRecord>,
  ends: number[],
): Promise<void> {
  const applied = [0, 1, 2].map((partition) => {
    const records = steps
      .filter(({ at }) => keys[at]!.partition === partition)
      .map(({ at, value: content, gap }) => {
        const offset = ends[partition]! + gap;
        ends[partition] = offset + 1;
        const { key } = keys[at]!;
        const record =
          typeof content === 'string'
            ? recordOf(partition, offset, key, null, content)
            : recordOf(partition, offset, key, content);
        return record;
      });
    const half = records.slice(0, records.length / 2);
    const rest = records.slice(half.length);
    const middle = half.length === 0 ? 0 : half.at(-1)!.offset + 1;
    return Promise.all([
      view.apply({ partition, records: half, next: middle }),
      view.apply({ partition, records: rest, next: ends[partition]! }),
    ]);
  });
  for (const changes of (await Promise.all(applied)).flat(2)) {
    const before = model.get(changes.record.key!);
    expect(changes.old?.row ?? null).toEqual(before?.row ?? null);
    model.set(changes.record.key!, changes.record);
  }
}

function pageQuery(asked: {
  shape: (typeof queries)[number];
  origin: unknown;
  status: unknown;
  from: Cell;
  before: Cell;
  first: number;
}): Omit<PageQuery, 'after'> {
  const { shape, first } = asked;
  const conditions = [
    ...shape.equal.map((field) => {
      const value = field === 'origin' ? asked.origin : asked.status;
      return { field, operator: Array.isArray(value) ? ('IN' as const) : ('EQUAL' as const), value };
    }),
    ...shape.ranges.flatMap((field) => [
      { field, operator: 'FROM' as const, value: asked.from },
      { field, operator: 'BEFORE' as const, value: asked.before },
    ]),
  ];
  return { conditions, orderBy: shape.orderBy, first };
}

async function expectPages(
  view: View,
  asked: Omit<PageQuery, 'after'>,
  model: ReadonlyMap<string, DecodedRecord>,
): Promise<void> {
  const expected = [...model.values()]
    .filter(
      ({ state, row }) => state === 'ROW' && asked.conditions.every((condition) => meets(row!, condition)),
    )
    .sort((a, b) => compareRows(a, b, asked.orderBy))
    .map(({ key }) => key);
  const found: string[] = [];
  let after: string | null = null;
  do {
    const page = await view.page({ ...asked, after });
    found.push(...page.rows.map(({ key }) => key));
    after = page.hasNextPage ? page.cursors.at(-1)! : null;
  } while (after !== null && found.length <= expected.length);
  expect(found).toEqual(expected);
}

function meets(row: Row, { field, operator, value }: PageQuery['conditions'][number]): boolean {
  const cell = (row[field] ?? null) as Cell;
  if (operator === 'EQUAL') return cell === value;
  if (operator === 'IN') return (value as readonly unknown[]).includes(cell);
  if (value === null) return true;
  if (cell === null) return false;
  const order = compareCells(cell, value as Cell);
  return operator === 'FROM' ? order >= 0 : order < 0;
}

function compareRows(a: DecodedRecord, b: DecodedRecord, orderBy: PageQuery['orderBy']): number {
  for (const { field, descending } of orderBy) {
    const order = compareCells((a.row![field] ?? null) as Cell, (b.row![field] ?? null) as Cell);
    if (order !== 0) return descending ? -order : order;
  }
  return compareCells(a.key, b.key);
}

const ranks = { object: 0, number: 1, string: 2 } as const;

function compareCells(a: Cell, b: Cell): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return ranks[typeof a as keyof typeof ranks] - ranks[typeof b as keyof typeof ranks];
}
