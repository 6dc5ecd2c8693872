import { describe, expect, test } from 'vitest';
import { uniqueTopic } from '../../support/kafka.ts';
import { redisForTests, requireRedis } from '../../support/redis.ts';
import { counterResolvers, countersSdl } from './counters.ts';
import { post, runSubgraph, temporaryDirectory, tributaryOf } from './running.ts';

/** What a request was answered, and where its record lies. */
const send = async (url: string, by: number, idempotencyKey: string | null) => {
  const text = 'mutation($by: Int!, $key: ID) { add(id: "a", by: $by, idempotencyKey: $key) { count } }';
  const result = await post(url, text, { by, key: idempotencyKey });
  if (result.errors !== undefined) return { code: result.errors[0]?.extensions?.code };
  const { count } = (result.data as { add: { count: number } }).add;
  return { count, position: tributaryOf(result).position };
};

const countOf = async (url: string): Promise<unknown> =>
  (await post(url, '{ counter(id: "a") { count } }')).data;

const server = await redisForTests();

interface Store {
  readonly redis?: string;
}

const begin = async (topic: string, { redis }: Store = {}, directory?: string) =>
  runSubgraph({
    sdl: countersSdl(topic),
    resolvers: counterResolvers(),
    ...(directory === undefined ? {} : { directory }),
    ...(redis === undefined ? {} : { redis }),
  });

describe('S25 an idempotency key makes a retry return the first result', () => {
  test.for(['files', 'Redis'])(
    'S25 with views in %s: on any replica, behind later changes, after a restart and in a view that is built again',
    async (kind, context) => {
      const store: Store = kind === 'Redis' ? { redis: requireRedis(server, context).url } : {};
      const topic = uniqueTopic('counters');
      const directory = await temporaryDirectory();
      const [one, other] = [await begin(topic, store, directory), await begin(topic, store)];
      await post(one.url, 'mutation { setCounter(id: "a", count: 0) { id } }');
      const first = await send(one.url, 5, 'k');
      expect(first).toMatchObject({ count: 5 });
      // At once, where the other replica may not have read the record yet.
      expect(await send(other.url, 5, 'k')).toEqual(first);
      expect(await send(one.url, 5, 'k')).toEqual(first);
      expect(await send(one.url, 1, null)).toMatchObject({ count: 6 });
      expect(await send(other.url, 5, 'k')).toEqual(first);
      expect(await send(other.url, 5, 'another')).toMatchObject({ count: 11 });

      await one.stop();
      const restarted = await begin(topic, store, directory);
      // In files, whatever holds the others.
      const rebuilt = await begin(topic);
      expect(await send(restarted.url, 5, 'k')).toEqual(first);
      expect(await send(rebuilt.url, 5, 'k')).toEqual(first);
      expect(await countOf(rebuilt.url)).toEqual({ counter: { count: 11 } });
    },
  );

  test('S25 of requests that come at once with one key, one is carried out', async () => {
    const { url } = await begin(uniqueTopic('counters'));
    await post(url, 'mutation { setCounter(id: "a", count: 0) { id } }');
    const answers = await Promise.all(Array.from({ length: 10 }, () => send(url, 3, 'k')));
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(answers[0]).toMatchObject({ count: 3 });
    expect(await send(url, 1, null)).toMatchObject({ count: 4 });
  });

  test('a key that no record can carry is refused', async () => {
    const { url } = await begin(uniqueTopic('counters'));
    expect(await send(url, 1, '')).toEqual({ code: 'BAD_USER_INPUT' });
    expect(await send(url, 1, 'x'.repeat(301))).toEqual({ code: 'BAD_USER_INPUT' });
  });
});
