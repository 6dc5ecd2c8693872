import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, expect, test } from 'vitest';
import { openSqliteView, type SqliteViewOptions } from '../../../subgraphs/kit/view/sqlite.ts';
import { flights, identity, queries, recordOf } from './flights.ts';

const root = mkdtempSync(join(tmpdir(), 'tributary-view-file-'));
afterAll(() => rmSync(root, { recursive: true }));

function setUp(): { options: SqliteViewOptions; said: string[] } {
  const said: string[] = [];
  const say = (details: object, message: string) => said.push(`${message} ${JSON.stringify(details)}`);
  const options = {
    directory: mkdtempSync(join(root, 'v')),
    description: flights,
    identity,
    queries,
    log: { info: say, warn: say, error: say },
  };
  return { options, said };
}

/** Opens, applies one row, closes. */
async function fill(options: SqliteViewOptions): Promise<string> {
  const view = await openSqliteView(options);
  await view.apply({ partition: 0, records: [recordOf(0, 0, 'a', { status: 'SCHEDULED' })], next: 1 });
  await view.close();
  return view.file;
}

const databases = (directory: string) => readdirSync(directory).filter((name) => name.endsWith('.db'));

test('S26 another definition gets a file of its own beside the old one, which goes when the new one is ready', async () => {
  const { options, said } = setUp();
  const old = await fill(options);
  expect(said).toEqual([]);
  const changes: Partial<SqliteViewOptions>[] = [
    { codec: 'avro' },
    { queries: [] },
    { description: { ...flights, key: ['origin', 'id'] } },
    { description: { ...flights, fields: flights.fields.slice(1) } },
  ];
  const files = [old];
  for (const change of changes) files.push(await fill({ ...options, ...change }));
  expect(new Set(files).size).toBe(5);
  expect(said).toHaveLength(4);
  const name = (file: string | undefined) => file?.slice(options.directory.length + 1);
  expect(said[0]).toBe(
    `The view is built from its topic, beside an older one: its definition or its format changed. ${JSON.stringify({ file: files[1], older: [name(old)] })}`,
  );
  expect(databases(options.directory)).toHaveLength(5);

  const other = await fill({ ...options, description: { ...flights, name: 'flights' } });
  const held = await openSqliteView({ ...options, codec: 'avro' });
  const view = await openSqliteView(options);
  expect(view.restored).toBe(true);
  expect(view.ready()).toHaveLength(3);
  expect(
    databases(options.directory)
      .map((name) => join(options.directory, name))
      .sort(),
  ).toEqual([old, held.file, other].sort());
  await held.close();
  expect(view.ready()).toEqual([held.file.slice(options.directory.length + 1)]);
  await view.close();
});

test.each([
  ['another cluster', { clusterId: 'cluster-2', topicId: 'topic-1' }, 'it is of another cluster'],
  [
    'a topic made again',
    { clusterId: 'cluster-1', topicId: 'topic-2' },
    'the topic was deleted and made again',
  ],
])('S11 %s: the view is built again from empty, and the log says so', async (_, now, reason) => {
  const { options, said } = setUp();
  await fill(options);
  const view = await openSqliteView({ ...options, identity: now });
  expect([view.restored, view.position, await view.count()]).toEqual([false, [], 0]);
  expect(said.join()).toContain(reason);
  await view.close();
});

test('S26 a view older than the tombstone retention is built again; a batch without records keeps it young', async () => {
  const { options, said } = setUp();
  const file = await fill(options);
  const age = (ms: number) => {
    const database = new DatabaseSync(file);
    database.prepare('UPDATE totals SET committed_at = ?').run(Date.now() - ms);
    database.close();
  };
  age(80_000);
  const kept = await openSqliteView({ ...options, tombstoneRetentionMs: 100_000 });
  expect(kept.restored).toBe(true);
  await kept.close();
  age(95_000);
  const idle = await openSqliteView(options);
  await idle.apply({ partition: 0, records: [], next: 1 });
  await idle.close();
  const young = await openSqliteView({ ...options, tombstoneRetentionMs: 100_000 });
  expect(young.restored).toBe(true);
  await young.close();
  age(95_000);
  const view = await openSqliteView({ ...options, tombstoneRetentionMs: 100_000 });
  expect(view.restored).toBe(false);
  expect(said.join()).toMatch(/it is 95 s old, and Kafka keeps tombstones for 100 s/);
  await view.close();
});

test('S11 a view whose position Kafka no longer continues is discarded: the next open begins from empty', async () => {
  const { options, said } = setUp();
  await fill(options);
  const view = await openSqliteView(options);
  await view.discard('partition 0 begins at 500 now');
  expect(said.join()).toContain('partition 0 begins at 500 now');
  const again = await openSqliteView(options);
  expect([again.restored, again.position, await again.count()]).toEqual([false, [], 0]);
  await again.close();
});

test('S4 tombstones stay for their retention, then go with a later commit', async () => {
  const { options } = setUp();
  const tombstone = { partition: 0, records: [recordOf(0, 0, 'a', null)], next: 1 };
  const later = { partition: 0, records: [recordOf(0, 1, 'b', {})], next: 2 };
  const keys = async (tombstoneRetentionMs: number) => {
    const view = await openSqliteView({ ...options, codec: `${tombstoneRetentionMs}`, tombstoneRetentionMs });
    await view.apply(tombstone);
    await view.apply(later);
    const { rows } = await view.scan({ partition: 0, from: 0, limit: 9 });
    const purged = view.stats.purged;
    await view.close();
    return [rows.map(({ key }) => key), purged];
  };
  expect(await keys(3_600_000)).toEqual([['a', 'b'], 0]);
  expect(await keys(0)).toEqual([['b'], 1]);
});

test('S25 the first result of an idempotency key is kept for a day, then goes with a later commit', async () => {
  const { options } = setUp();
  const view = await openSqliteView(options);
  const first = { ...recordOf(0, 0, 'a', { status: 'DELAYED' }), idempotencyKey: 'k' };
  await view.apply({ partition: 0, records: [first], next: 1 });
  await view.apply({ partition: 0, records: [recordOf(0, 1, 'a', { status: 'DEPARTED' })], next: 2 });
  expect((await view.firstResult('a', 'k'))?.row).toEqual({ status: 'DELAYED' });
  await view.close();
  const age = (hours: number): void => {
    const database = new DatabaseSync(view.file);
    database.exec(`UPDATE first_results SET kept_since = ${Date.now() - hours * 3_600_000}`);
    database.close();
  };
  for (const [hours, isKept] of [
    [23.9, true],
    [24, false],
  ] as const) {
    age(hours);
    const again = await openSqliteView(options);
    await again.apply({ partition: 1, records: [], next: 1 });
    expect((await again.firstResult('a', 'k')) !== null).toBe(isKept);
    expect((await again.getMany(['a']))[0]?.row).toEqual({ status: 'DEPARTED' });
    await again.close();
  }
});

test('a deleted row leaves no trace in the file', async () => {
  const { options } = setUp();
  const view = await openSqliteView(options);
  const secret = 'passport-4711';
  const written = { ...recordOf(0, 0, 'a', { status: secret }), idempotencyKey: 'k' };
  await view.apply({ partition: 0, records: [written], next: 1 });
  await view.apply({ partition: 0, records: [recordOf(0, 1, 'a', null)], next: 2 });
  await view.close();
  expect(existsSync(`${view.file}-wal`)).toBe(false);
  expect(readFileSync(view.file).includes(secret)).toBe(false);
});

test.each([
  ['is no database', (file: string) => writeFileSync(file, 'x'.repeat(8_192))],
  ['is cut', (file: string) => truncateSync(file, 5_000)],
])('a file that %s is set aside and built again, and the log says so', async (_, damage) => {
  const { options, said } = setUp();
  const file = await fill(options);
  damage(file);
  const view = await openSqliteView(options);
  expect(view.restored).toBe(false);
  expect(existsSync(`${file}.aside`)).toBe(true);
  expect(said.join()).toContain(`the file is corrupt; it was set aside as ${file}.aside`);
  await view.close();
});

test('corruption that shows while the view serves ends it, and the next open builds it again', async () => {
  const { options, said } = setUp();
  const first = await openSqliteView(options);
  const many = Array.from({ length: 2_000 }, (_, n) =>
    recordOf(0, n, `K${n}`, { status: 'S'.repeat(100), n }),
  );
  await first.apply({ partition: 0, records: many, next: 2_000 });
  await first.close();
  const bytes = readFileSync(first.file);
  bytes.fill(0xff, 16 * 4_096);
  writeFileSync(first.file, bytes);

  const view = await openSqliteView(options);
  expect(view.restored).toBe(true);
  await expect(view.scan({ partition: 0, from: 0, limit: 5_000 })).rejects.toMatchObject({
    code: 'VIEW_NOT_READY',
    message: expect.stringContaining('its file is corrupt, and the next start builds it again'),
  });
  await expect(view.getMany(['K1'])).rejects.toMatchObject({ code: 'VIEW_NOT_READY' });
  await expect(view.apply({ partition: 0, records: [], next: 2_001 })).rejects.toMatchObject({
    code: 'VIEW_NOT_READY',
  });
  await view.close();
  const again = await openSqliteView(options);
  expect(again.restored).toBe(false);
  expect(said.join()).toContain('set aside');
  await again.close();
});

test('a writer that fails rejects what is pending and releases who waits', async () => {
  const { options } = setUp();
  const view = await openSqliteView(options);
  const other = new DatabaseSync(view.file, { timeout: 5_000 });
  other.exec('DROP TABLE positions');
  other.close();
  const waiting = view.waitFor(0, 5, 60_000);
  const pending = [0, 1, 2].map((partition) =>
    view.apply({ partition, records: [recordOf(partition, 0, `${partition}`, {})], next: 1 }),
  );
  for (const result of await Promise.allSettled(pending)) {
    expect(result).toMatchObject({
      status: 'rejected',
      reason: { code: 'VIEW_NOT_READY', message: expect.stringContaining('no such table: positions') },
    });
  }
  expect(await waiting).toBe(false);
  await view.close();
});
