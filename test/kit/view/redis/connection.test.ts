import { expect, onTestFinished, test } from 'vitest';
import { connectRedis } from '../../../../subgraphs/kit/view/redis/connection.ts';
import { redisForTests, requireRedis, startRedis } from '../../../support/redis.ts';

const server = await redisForTests();

test.each(['127.0.0.1:6379', 'http://127.0.0.1', 'redis://', 'redis://host/first', ''])(
  'the address "%s" is refused with an example, and without what it holds',
  async (url) => {
    await expect(connectRedis({ url })).rejects.toMatchObject({
      code: 'CONFIGURATION_INVALID',
      message: expect.stringContaining('Write it as redis://127.0.0.1:6379/0'),
    });
  },
);

test('a password appears neither in errors nor in the log', async (context) => {
  requireRedis(server, context);
  const said: string[] = [];
  const note = (details: object, message: string) => {
    said.push(message, JSON.stringify(details, Object.getOwnPropertyNames(details)));
  };
  const log = { info: note, warn: note, error: note };
  for (const url of ['redis://me:geheim@127.0.0.1:1', `redis://me:geheim@127.0.0.1:${server?.port}`]) {
    const error: unknown = await connectRedis({ url, log }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'VIEW_NOT_READY' });
    said.push(String(error), JSON.stringify(error));
  }
  expect(said.join()).not.toContain('geheim');
});

test('a Redis that is away at the start is named, with the reason', async () => {
  await expect(connectRedis({ url: 'redis://127.0.0.1:1' })).rejects.toMatchObject({
    code: 'VIEW_NOT_READY',
    message: expect.stringMatching(
      /^Redis at 127\.0\.0\.1:1 does not serve views: .+ Start it, or correct its address\.$/,
    ),
  });
});

test('a Redis that would drop keys when its memory is full is refused, with the setting to change', async (context) => {
  requireRedis(server, context);
  const dropping = await startRedis({ settings: { 'maxmemory-policy': 'allkeys-lru' } });
  onTestFinished(() => dropping.close());
  await expect(connectRedis({ url: dropping.url })).rejects.toMatchObject({
    code: 'CONFIGURATION_INVALID',
    message: expect.stringMatching(/maxmemory-policy allkeys-lru.*Set maxmemory-policy noeviction/),
  });
});
