import { Redis } from 'ioredis';
import { afterAll, expect, test } from 'vitest';
import { redisForTests, requireRedis } from '../../../support/redis.ts';
import { leaderEpoch, newNamespace, openReplica, Records } from './replica.ts';

const server = await redisForTests();
const redis = server === null ? null : new Redis(server.port, '127.0.0.1');
afterAll(() => redis?.disconnect());

const keysOf = async (namespace: string): Promise<string[]> => (await redis?.keys(`{${namespace}:*`)) ?? [];

test('S27 all keys of a partition share a hash tag, and expire together when nobody writes the view any more', async (context) => {
  const { url } = requireRedis(server, context);
  const namespace = newNamespace();
  const day = 24 * 3_600_000;
  const records = new Records().fill(20, 5);
  const { read } = await openReplica({ url, namespace, records, tombstoneRetentionMs: day });
  await read(20);
  const keys = await keysOf(namespace);
  expect(keys.length).toBeGreaterThan(8);
  expect(new Set(keys.map((key) => key.slice(0, key.indexOf('}') + 1))).size).toBe(1);
  const expiries = await Promise.all(keys.map((key) => redis?.pttl(key)));
  for (const left of expiries) {
    expect(left).toBeGreaterThan(0.89 * day);
    expect(left).toBeLessThanOrEqual(0.9 * day);
  }
});

test('S27 a view that was not written for longer than tombstones are kept is built again', async (context) => {
  const { url } = requireRedis(server, context);
  const namespace = newNamespace();
  const records = new Records().fill(100, 10);
  const first = await openReplica({ url, namespace, records });
  await first.read(100);
  await first.view.close();
  const [meta = ''] = (await keysOf(namespace)).filter((key) => key.endsWith(':meta'));
  await redis?.hset(meta, 'at', Date.now() - 950);
  const second = await openReplica({ url, namespace, records, tombstoneRetentionMs: 1_000 });
  expect(second.view.position).toEqual([]);
  expect(await second.view.count()).toBe(0);
  await second.read(100);
  expect(await second.view.count()).toBe(records.rows().size);
});

test('S27 tombstones go after their retention, and what lies before them stays away', async (context) => {
  const { url } = requireRedis(server, context);
  const namespace = newNamespace();
  const records = new Records().add('a', { n: 1 }).add('b', { n: 1 }).add('a', null);
  const { view, read } = await openReplica({ url, namespace, records, tombstoneRetentionMs: 1 });
  await read(3);
  const scan = async () =>
    (await view.scan({ partition: 0, from: 0, limit: 9 })).rows.map(({ key, state }) => `${key} ${state}`);
  expect(await scan()).toEqual(['b ROW', 'a TOMBSTONE']);
  const [tombstones = ''] = (await keysOf(namespace)).filter((key) => key.endsWith(':tombstones'));
  await redis?.zadd(tombstones, Date.now() - 10, 'a');
  records.add('c', { n: 1 });
  await read(4);
  expect(await scan()).toEqual(['b ROW', 'c ROW']);
  expect(await view.count()).toBe(2);
});

test('S27 what a lost store left behind is not taken for rows of the new one', async (context) => {
  const { url } = requireRedis(server, context);
  const namespace = newNamespace();
  const records = new Records().fill(50, 10);
  const first = await openReplica({ url, namespace, records });
  await first.read(50);
  await first.view.close();
  const [meta = ''] = (await keysOf(namespace)).filter((key) => key.endsWith(':meta'));
  await redis?.del(meta);
  const other = new Records().add('new', { n: 1 });
  const second = await openReplica({ url, namespace, records: other });
  await second.read(1);
  expect((await second.view.scan({ partition: 0, from: 0, limit: 99 })).rows.map(({ key }) => key)).toEqual([
    'new',
  ]);
  expect((await second.view.page({ conditions: [], orderBy: [], first: 9, after: null })).rows).toHaveLength(
    1,
  );
});

test('S11 a store that was filled again after a loss knows the leader epoch of what it holds', async (context) => {
  const { url } = requireRedis(server, context);
  const namespace = newNamespace();
  const records = new Records().fill(60, 10);
  const first = await openReplica({ url, namespace, records, isCompacted: true });
  await first.read(50);
  await redis?.del(...(await keysOf(namespace)));
  await first.read(60);
  await first.said('The view is complete again.');
  await first.view.close();
  const second = await openReplica({ url, namespace, records });
  expect([second.view.position, second.view.epochs]).toEqual([[60], [leaderEpoch]]);
});

test('discard removes the rows for good, but not those of a replica that is further', async (context) => {
  const { url } = requireRedis(server, context);
  const namespace = newNamespace();
  const records = new Records().fill(100, 10);
  const ahead = await openReplica({ url, namespace, records });
  const behind = await openReplica({ url, namespace, records });
  await behind.read(50);
  await ahead.read(100);
  await behind.view.discard('a test', [0]);
  expect(await ahead.view.count()).toBe(records.rows().size);
  await ahead.view.discard('a test', [0]);
  const next = await openReplica({ url, namespace, records });
  expect(next.view.position).toEqual([]);
});
