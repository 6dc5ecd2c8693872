import { inspect } from 'node:util';
import { type Logger, pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { connectRedis } from '../../../../subgraphs/kit/view/redis/connection.ts';
import { script } from '../../../../subgraphs/kit/view/redis/script.ts';
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

/** A log as services have it: what it writes of an error is what pino finds on it. */
const loggedLines = (): { readonly lines: string[]; readonly log: Logger } => {
  const lines: string[] = [];
  return { lines, log: pino({ level: 'trace' }, { write: (line) => void lines.push(line) }) };
};

test('a password appears neither in errors nor in the log', async (context) => {
  requireRedis(server, context);
  const { lines, log } = loggedLines();
  for (const url of ['redis://me:geheim@127.0.0.1:1', `redis://me:geheim@127.0.0.1:${server?.port}`]) {
    const error: unknown = await connectRedis({ url, log }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'VIEW_NOT_READY' });
    log.error({ err: error }, 'not started');
    lines.push(inspect(error, { depth: null }));
  }
  expect(lines.join()).toContain('WRONGPASS');
  expect(lines.join()).not.toContain('geheim');
});

test('what a script was called with, rows among them, appears neither in errors nor in the log', async (context) => {
  const { lines, log } = loggedLines();
  const connection = await connectRedis({ url: requireRedis(server, context).url, log });
  onTestFinished(() => connection.close());
  const failing = script("return redis.error_reply('ERR no such row')");
  const error: unknown = await connection
    .run(failing, ['key'], ['geheim'])
    .catch((reason: unknown) => reason);
  lines.push(inspect(error, { depth: null }));
  expect(lines.join()).toContain('no such row');
  expect(lines.join()).not.toContain('geheim');
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
