import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectRedis, type RedisConnection } from '../../../../subgraphs/kit/view/redis/connection.ts';
import { openRedisView } from '../../../../subgraphs/kit/view/redis/redis-view.ts';
import { redisClusterForTests, requireRedis } from '../../../support/redis.ts';
import { flights, identity, queries, recordOf } from '../flights.ts';
import { viewContract } from '../view-contract.ts';
import { newNamespace } from './replica.ts';

const cluster = await redisClusterForTests();
let connection: RedisConnection;
beforeAll(async () => {
  if (cluster !== null) connection = await connectRedis({ url: cluster.url });
});
afterAll(() => connection?.close());

/** These views lose nothing, so their topic is not read. */
const source = { latest: async () => [], replay: async function* () {} };
const shared = { description: flights, queries, identity, source };

viewContract('Redis Cluster', (description, shapes, context, namespace) => {
  requireRedis(cluster, context);
  return openRedisView({ ...shared, connection, description, queries: shapes, partitions: 3, namespace });
});

test('S27 the partitions of a view are spread over the nodes', async (context) => {
  const { url } = requireRedis(cluster, context);
  const namespace = newNamespace();
  const view = await openRedisView({ ...shared, connection, partitions: 30, namespace });
  const partitions = Array.from({ length: 30 }, (_, partition) => partition);
  await Promise.all(
    partitions.map((p) =>
      view.apply({ partition: p, records: [recordOf(p, 0, `K${p}`, { id: p })], next: 1 }),
    ),
  );
  expect(await view.count()).toBe(30);
  expect((await view.page({ conditions: [], orderBy: [], first: 50, after: null })).rows).toHaveLength(30);
  const counts = await Promise.all(
    url.split(',').map(async (node) => {
      const redis = new Redis(node);
      const keys = await redis.keys(`{${namespace}:*:meta`);
      redis.disconnect();
      return keys.length;
    }),
  );
  expect(counts.reduce((sum, count) => sum + count)).toBe(30);
  for (const count of counts) expect(count).toBeGreaterThan(0);
  await view.close();
});
