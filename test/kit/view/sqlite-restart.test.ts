import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openSqliteView, type SqliteView } from '../../../subgraphs/kit/view/sqlite.ts';
import { flights, identity, plain, queries, recordOf } from './flights.ts';
import { expectFold, startApplier } from './killable.ts';

const root = mkdtempSync(join(tmpdir(), 'tributary-view-restart-'));
afterAll(() => rmSync(root, { recursive: true }));

const fresh = () => mkdtempSync(join(root, 'v'));
const open = (directory: string): Promise<SqliteView> =>
  openSqliteView({ directory, description: flights, identity, queries });

test('S26 a restart keeps rows, count and position', async () => {
  const directory = fresh();
  const first = await open(directory);
  expect(first.restored).toBe(false);
  await first.apply({
    partition: 1,
    records: [recordOf(1, 4, 'a', { origin: 'JFK' }), recordOf(1, 5, 'b', null)],
    next: 8,
  });
  const rows = (await first.scan({ partition: 1, from: 0, limit: 9 })).rows.map(plain);
  await first.close();
  const second = await open(directory);
  expect(second.restored).toBe(true);
  expect(second.position).toEqual([0, 8]);
  expect(await second.count()).toBe(1);
  expect((await second.scan({ partition: 1, from: 0, limit: 9 })).rows.map(plain)).toEqual(rows);
  expect(
    await second.apply({ partition: 1, records: [recordOf(1, 5, 'b', { again: true })], next: 6 }),
  ).toEqual([]);
  await second.close();
});

test('S26 kill -9 while records are applied: rows and position agree, and nothing acknowledged is lost', async () => {
  const directory = fresh();
  for (const lines of [3, 40, 200]) {
    const applier = startApplier(directory);
    await applier.said(lines);
    await applier.kill();
    const view = await open(directory);
    for (const line of applier.lines) {
      const [partition = 0, next = 0] = line.split(' ').map(Number);
      expect(view.position[partition]).toBeGreaterThanOrEqual(next);
    }
    for (const partition of [0, 1, 2]) await expectFold(view, partition);
    await view.close();
  }
});

test('S26 a second process gets an error that names file and owner; a dead owner holds nothing', async () => {
  const directory = fresh();
  const applier = startApplier(directory);
  await applier.said(1);
  await expect(open(directory)).rejects.toMatchObject({
    code: 'CONFIGURATION_INVALID',
    message: expect.stringMatching(
      new RegExp(`view file ${directory}/\\S+ is in use by process ${applier.pid} .*directory of its own`),
    ),
  });
  await applier.kill();
  const view = await open(directory);
  await expect(open(directory)).rejects.toMatchObject({
    message: expect.stringContaining(`in use by process ${process.pid} `),
  });
  await view.close();
});

test('a file that cannot grow ends the view with its reason; what was acknowledged is there afterwards', async () => {
  const directory = fresh();
  const applier = startApplier(directory, 600);
  expect(await applier.exit).toBe(3);
  expect(applier.lines.at(-1)).toMatch(/failed TributaryError: The view of topic flights\.flights stopped: /);
  const view = await open(directory);
  expect(view.restored).toBe(true);
  for (const partition of [0, 1, 2]) await expectFold(view, partition);
  await view.close();
});
