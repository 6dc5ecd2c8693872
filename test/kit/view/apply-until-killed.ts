/**
 * A process for tests: applies records to the view that its first argument names, a directory or a Redis, from the
 * view's position on and without an end. Prints `partition next` after each commit. Record n of a partition has the key K(n mod 37).
 */
import { nextOffset } from '../../../schema/position.ts';
import { connectRedis } from '../../../subgraphs/kit/view/redis/connection.ts';
import { openRedisView } from '../../../subgraphs/kit/view/redis/redis-view.ts';
import { openSqliteView } from '../../../subgraphs/kit/view/sqlite.ts';
import { flights, identity, queries, recordOf } from './flights.ts';

const [, , place = ''] = process.argv;
const shared = { description: flights, identity, queries };
const view = place.startsWith('redis:')
  ? await openRedisView({
      ...shared,
      connection: await connectRedis({ url: place }),
      partitions: 3,
      source: { latest: async () => [], replay: async function* () {} },
    })
  : await openSqliteView({ ...shared, directory: place });

const feed = async (partition: number, size: number): Promise<void> => {
  for (let from = nextOffset(view.position, partition); ; from += size) {
    const records = Array.from({ length: size }, (_, i) => from + i).map((n) =>
      recordOf(partition, n, `${partition}/K${n % 37}`, n % 5 === 0 ? null : { n, origin: `O${n % 3}` }),
    );
    await view.apply({ partition, records, next: from + size });
    process.stdout.write(`${partition} ${from + size}\n`);
  }
};
await Promise.all([feed(0, 1), feed(1, 30), feed(2, 450)]).catch((error: unknown) => {
  process.stdout.write(`failed ${String(error)}\n`);
  process.exitCode = 3;
});
