import { afterAll, beforeAll } from 'vitest';
import { connectRedis, type RedisConnection } from '../../../../subgraphs/kit/view/redis/connection.ts';
import { openRedisView } from '../../../../subgraphs/kit/view/redis/redis-view.ts';
import { redisForTests, requireRedis } from '../../../support/redis.ts';
import { identity } from '../flights.ts';
import { viewContract } from '../view-contract.ts';

const server = await redisForTests();
let connection: RedisConnection;
beforeAll(async () => {
  if (server !== null) connection = await connectRedis({ url: server.url });
});
afterAll(() => connection?.close());

/** These views lose nothing, so their topic is not read. */
const source = { latest: async () => [], replay: async function* () {} };

viewContract('Redis', (description, queries, context, namespace) => {
  requireRedis(server, context);
  return openRedisView({ connection, description, queries, identity, source, partitions: 3, namespace });
});
