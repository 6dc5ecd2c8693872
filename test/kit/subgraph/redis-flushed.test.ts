import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { uniqueTopic } from '../../support/kafka.ts';
import { requireRedis, startRedis } from '../../support/redis.ts';
import { findRedis } from '../../support/redis-server.ts';
import { changes, expectedInA, gates, heldBy, inA, moves, sorted, until, write } from './gates.ts';
import { type Follower, follow, runSubgraph, temporaryDirectory } from './running.ts';

const found = await findRedis();

const isUpToDate = ({ results }: Follower): boolean =>
  results.some(({ data }) => (data?.gateChanges as { kind: string } | undefined)?.kind === 'UP_TO_DATE');

/** Subscribes until a snapshot comes to its end; that the view is not ready is all that may come between. */
const snapshotOf = async (url: string): Promise<Follower> => {
  for (;;) {
    const follower = follow(url, changes, inA);
    const refused = await until(follower, () => isUpToDate(follower)).then(
      () => null,
      (error: unknown) => error,
    );
    if (refused === null) return follower;
    expect(refused).toMatchObject([{ extensions: { code: 'VIEW_NOT_READY' } }]);
  }
};

test('S12 S27 Redis loses everything behind a restart: a snapshot ends, and with the right rows', async (context) => {
  const server = requireRedis(found === null ? null : await startRedis(), context);
  onTestFinished(() => server.close());
  const topic = uniqueTopic('gates');
  const options = { sdl: gates(topic), redis: server.url, directory: await temporaryDirectory() };
  const before = await runSubgraph(options);
  const written: readonly (readonly [string, string | null, number])[] = [...moves(1, 400), ['end', 'A', 0]];
  await write(topic, written);
  const told = follow(before.url, changes, inA);
  await until(told, () => heldBy(told).has('end'));
  await before.stop();

  // What the new process streams begins at the end: nothing of the snapshot is in its window.
  const { url } = await runSubgraph(options);
  const redis = new Redis(server.port, '127.0.0.1');
  onTestFinished(() => redis.disconnect());
  await redis.flushall();

  const follower = await snapshotOf(url);
  const expected = expectedInA(written);
  expect(sorted(heldBy(follower))).toEqual(sorted(expected));
  // The stream goes on behind the snapshot.
  await write(topic, [['later', 'A', 1]]);
  await until(follower, () => heldBy(follower).has('later'));
  expect(sorted(heldBy(follower))).toEqual(sorted(new Map([...expected, ['later', 1]])));
}, 60_000);
