/**
 * A process for tests: applies records to the view in the directory of its first argument, from the view's position
 * on and without an end. Prints `partition next` after each commit. Record n of a partition has the key K(n mod 37).
 */
import { nextOffset } from '../../../schema/position.ts';
import { openSqliteView } from '../../../subgraphs/kit/view/sqlite.ts';
import { flights, identity, queries, recordOf } from './flights.ts';

const view = await openSqliteView({
  directory: process.argv[2] ?? '',
  description: flights,
  identity,
  queries,
});

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
