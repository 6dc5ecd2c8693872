import { describe, expect, test } from 'vitest';
import type { DecodedRecord } from '../../../subgraphs/kit/records.ts';
import type { PageQuery, View } from '../../../subgraphs/kit/view/view.ts';
import { recordOf } from './flights.ts';

/** Six flights: two without a departure, two at the same time, one boolean and one nested value among the delays. */
const records: DecodedRecord[] = [
  { id: 'A', origin: 'JFK', status: 'SCHEDULED', departure: '2013-02-08T10:00:00.000Z', delay: 5 },
  { id: 'B', origin: 'JFK', status: 'DELAYED', departure: '2013-02-08T09:00:00.000Z', delay: 30 },
  { id: 'C', origin: 'EWR', status: 'DELAYED', departure: '2013-02-08T09:00:00.000Z', delay: null },
  { id: 'D', origin: 'JFK', status: 'CANCELLED', departure: null },
  { id: 'E', origin: null, status: 'CANCELLED' },
  { id: 'F', origin: 'JFK', status: 'DELAYED', departure: '2013-02-08T09:00:00.000Z', delay: 30 },
].map((row, offset) => recordOf(0, offset, row.id, row));

const byDeparture = [{ field: 'departure', descending: false }] as const;

export function testPages(view: () => View): void {
  const page = async (query: Partial<PageQuery>) => {
    await view().apply({ partition: 0, records, next: records.length });
    return view().page({ conditions: [], orderBy: [], first: 50, after: null, ...query });
  };
  const keys = async (query: Partial<PageQuery>) => (await page(query)).rows.map(({ key }) => key).join('');

  describe('pages', () => {
    test('without conditions or order: all, by key', async () => {
      expect(await keys({})).toBe('ABCDEF');
    });

    test('EQUAL, IN, FROM and BEFORE narrow', async () => {
      const jfk = { field: 'origin', operator: 'EQUAL', value: 'JFK' } as const;
      expect(await keys({ conditions: [jfk] })).toBe('ABDF');
      const two = { field: 'status', operator: 'IN', value: ['DELAYED', 'CANCELLED', 'DELAYED'] } as const;
      expect(await keys({ conditions: [two] })).toBe('BCDEF');
      const from = { field: 'departure', operator: 'FROM', value: '2013-02-08T09:00:00.000Z' } as const;
      const before = { field: 'departure', operator: 'BEFORE', value: '2013-02-08T10:00:00.000Z' } as const;
      expect(await keys({ conditions: [jfk, from], orderBy: byDeparture })).toBe('BFA');
      expect(await keys({ conditions: [jfk, from, before], orderBy: byDeparture })).toBe('BF');
      expect(await keys({ conditions: [jfk, two, from], orderBy: byDeparture })).toBe('BF');
    });

    test('null matches rows without a value; as a bound it is none; an empty list matches nothing', async () => {
      expect(await keys({ conditions: [{ field: 'origin', operator: 'EQUAL', value: null }] })).toBe('E');
      expect(await keys({ conditions: [{ field: 'origin', operator: 'IN', value: ['EWR', null] }] })).toBe(
        'CE',
      );
      expect(await keys({ conditions: [{ field: 'origin', operator: 'IN', value: [] }] })).toBe('');
      const jfk = { field: 'origin', operator: 'EQUAL', value: 'JFK' } as const;
      const open = { field: 'departure', operator: 'FROM', value: null } as const;
      expect(await keys({ conditions: [jfk, open], orderBy: byDeparture })).toBe('DBFA');
    });

    test('nulls come first ascending and last descending; the key breaks ties ascending', async () => {
      expect(await keys({ orderBy: byDeparture })).toBe('DEBCFA');
      const jfk = { field: 'origin', operator: 'EQUAL', value: 'JFK' } as const;
      const latest = [{ field: 'departure', descending: true }] as const;
      expect(await keys({ conditions: [jfk], orderBy: latest })).toBe('ABFD');
      const mixed = [
        { field: 'delay', descending: true },
        { field: 'departure', descending: false },
      ] as const;
      expect(await keys({ conditions: [jfk], orderBy: mixed })).toBe('BFAD');
    });

    test('each cursor goes on right behind its row, and hasNextPage says whether there is more', async () => {
      const whole = await page({ orderBy: byDeparture });
      for (const [index, cursor] of whole.cursors.entries()) {
        const next = await page({ orderBy: byDeparture, after: cursor, first: 2 });
        const rest = whole.rows.slice(index + 1);
        expect(next.rows.map(({ key }) => key)).toEqual(rest.slice(0, 2).map(({ key }) => key));
        expect(next.hasNextPage).toBe(rest.length > 2);
      }
    });

    test('a row that moves between two pages is neither the reason for a gap nor for a repetition', async () => {
      const first = await page({ orderBy: byDeparture, first: 3 });
      const moved = recordOf(0, 6, 'D', { id: 'D', departure: '2013-02-09T00:00:00.000Z' });
      await view().apply({ partition: 0, records: [recordOf(0, 5, 'B', null), moved], next: 7 });
      const next = await view().page({
        conditions: [],
        orderBy: byDeparture,
        first: 10,
        after: first.cursors.at(-1)!,
      });
      expect(next.rows.map(({ key }) => key).join('')).toBe('CFAD');
    });

    test('an after that is not its own is refused, naming the argument and the cure', async () => {
      const other = (await page({ orderBy: byDeparture })).cursors[0]!;
      for (const after of ['', 'x', 'bm9uc2Vuc2U', other, Buffer.from('[1,2]').toString('base64url')]) {
        await expect(page({ after })).rejects.toMatchObject({
          code: 'BAD_USER_INPUT',
          message:
            'Argument "after" is not a cursor of this field. Give it the endCursor of the page before, or leave it out to begin at the first page.',
        });
      }
    });

    test('a list that is too long is refused, naming the field', async () => {
      const value = Array.from({ length: 101 }, (_, index) => `S${index}`);
      await expect(page({ conditions: [{ field: 'status', operator: 'IN', value }] })).rejects.toMatchObject({
        code: 'BAD_USER_INPUT',
        message: expect.stringContaining('The list for "status" has too many values: a page takes 100'),
      });
    });

    test('a page that no index answers is refused, naming the cure', async () => {
      await expect(page({ orderBy: [{ field: 'status', descending: true }] })).rejects.toMatchObject({
        code: 'INTERNAL',
        message: expect.stringMatching(
          /no index for conditions on \[\] ordered by \[status descending\].*Add @index/,
        ),
      });
    });
  });
}
