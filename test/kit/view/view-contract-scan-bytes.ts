import { expect, test } from 'vitest';
import type { ScanPage, View } from '../../../subgraphs/kit/view/view.ts';
import { recordOf } from './flights.ts';

/** In characters. */
const fill = async (view: View, sizes: readonly number[]): Promise<void> => {
  const records = sizes.map((size, offset) => recordOf(0, offset, `K${offset}`, { note: 'x'.repeat(size) }));
  for (const [offset, record] of records.entries()) {
    await view.apply({ partition: 0, records: [record], next: offset + 1 });
  }
};

const scanAll = async (view: View, bytes?: number): Promise<readonly ScanPage[]> => {
  const pages: ScanPage[] = [];
  for (let from = 0; ; ) {
    const page = await view.scan({ partition: 0, from, limit: 500, ...(bytes !== undefined && { bytes }) });
    pages.push(page);
    if (page.isLast) return pages;
    from = (page.rows.at(-1)?.offset ?? from) + 1;
  }
};

const keysOf = (pages: readonly ScanPage[]) => pages.map(({ rows }) => rows.map(({ key }) => key).join(' '));

export function testScanBytes(view: () => View): void {
  test('S12 a page of a scan ends before the row that takes it beyond its bytes, and says that it is not the last', async () => {
    await fill(view(), [400, 400, 400, 400, 400]);
    expect(keysOf(await scanAll(view(), 1_000))).toEqual(['K0 K1', 'K2 K3', 'K4']);
    expect(keysOf(await scanAll(view(), 100_000))).toEqual(['K0 K1 K2 K3 K4']);
  });

  test('S12 a row larger than a page is a page of its own, in whatever place it stands', async () => {
    await fill(view(), [5_000, 10, 10, 5_000, 10, 5_000]);
    expect(keysOf(await scanAll(view(), 1_000))).toEqual(['K0', 'K1 K2', 'K3', 'K4', 'K5']);
  });

  test('S12 pages are of a megabyte where nothing else is said, and tell their bytes', async () => {
    await fill(
      view(),
      Array.from({ length: 7 }, () => 300_000),
    );
    const pages = await scanAll(view());
    expect(keysOf(pages)).toEqual(['K0 K1 K2', 'K3 K4 K5', 'K6']);
    for (const { rows, bytes } of pages) {
      expect(bytes).toBeGreaterThan(rows.length * 300_000);
      expect(bytes).toBeLessThan(rows.length * 300_200);
    }
  });
}
