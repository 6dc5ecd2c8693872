import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { produce, uniqueTopic } from '../../support/kafka.ts';
import { requireRedis, startRedis } from '../../support/redis.ts';
import { findRedis } from '../../support/redis-server.ts';
import { follow, post, runSubgraph } from './running.ts';

const found = await findRedis();

const sdl = (topic: string): string => `
type Note @key(fields: "id") @topic(name: "${topic}", key: "id", cleanup: COMPACT, partitions: 1) {
  id: ID!
  text: String!
}
type NoteChange @change(of: "Note") { kind: ChangeKind! key: ID note: Note }
type Query { note(id: ID!): Note @view }
type Subscription { noteChanges(from: Cursor): NoteChange! @consume(snapshot: true) }`;

test('S27 a full Redis: rows are answered as they were, nothing is lost, and all goes on when it has room', async (context) => {
  const settings = { maxmemory: '4mb', 'maxmemory-policy': 'noeviction' };
  const server = requireRedis(found === null ? null : await startRedis({ settings }), context);
  onTestFinished(() => server.close());
  const redis = new Redis(server.port, '127.0.0.1');
  onTestFinished(() => redis.disconnect());
  const topic = uniqueTopic('notes');
  const { url } = await runSubgraph({ sdl: sdl(topic), redis: server.url });
  const write = (first: number, count: number) =>
    produce(
      topic,
      Array.from({ length: count }, (_, i) => ({
        key: `${first + i}`,
        value: JSON.stringify({ id: `${first + i}`, text: 'x'.repeat(10_000) }),
      })),
    );
  await write(0, 1);
  const follower = follow(url, 'subscription { noteChanges { kind key } }');
  await follower.until(3);
  // More than fits; each row is kept once as it is, and once among the replaced ones.
  for (let first = 1; first <= 541; first += 60) await write(first, 60);
  await expect.poll(() => redis.info('errorstats'), { timeout: 60_000 }).toContain('errorstat_OOM');
  expect(follower.results.length).toBeLessThan(600);
  expect((await post(url, '{ note(id: "0") { id } }')).data).toEqual({ note: { id: '0' } });
  await redis.config('SET', 'maxmemory', '200mb');
  await follower.until(3 + 600);
  const keys = follower.results
    .map(({ data }) => (data?.noteChanges as { kind: string; key: string | null } | undefined)?.key)
    .filter((key) => typeof key === 'string');
  expect(keys).toEqual(Array.from({ length: 601 }, (_, i) => `${i}`));
});
