import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, type TestContext, test } from 'vitest';
import { brokers, kafka, uniqueTopic } from '../../support/kafka.ts';
import { redisForTests, requireRedis } from '../../support/redis.ts';
import type { CounterProcessOptions } from './counter-process.ts';
import { post, temporaryDirectory, tributaryOf } from './running.ts';

const server = await redisForTests();

const stores: ('files' | 'Redis')[] = ['files', 'Redis'];
const redisOf = (kind: (typeof stores)[number], context: TestContext): string | null =>
  kind === 'Redis' ? requireRedis(server, context).url : null;

describe('S25 the retry of a client whose subgraph was killed before it answered', () => {
  test.for(stores)(
    'S25 with views in %s: Kafka had acknowledged the record, so the retry gets it, and nothing is written again',
    { timeout: 180_000 },
    async (kind, context) => {
      const redis = redisOf(kind, context);
      const topic = uniqueTopic('counters');
      const directory = await temporaryDirectory();
      const dying = await startCounters({ topic, directory, redis, dies: true });
      const other = await startCounters({ topic, redis });
      await post(dying.url, 'mutation { setCounter(id: "a", count: 0) { id } }');

      expect(await add(dying.url, 'a', 5, 'k')).toBe('UNANSWERED');
      await dying.ended;
      expect(await recordsIn(topic)).toBe(2);
      // A replica that runs all along is asked at once, and the killed one when it runs again, over what it kept.
      const first = await add(other.url, 'a', 5, 'k');
      expect(first).toMatchObject({ count: 5, position: { offset: expect.any(Number) } });
      const again = await startCounters({ topic, directory, redis });
      expect(await add(again.url, 'a', 5, 'k')).toEqual(first);
      expect(await recordsIn(topic)).toBe(2);

      // The key names one request: what comes under another one counts.
      expect(await add(again.url, 'a', 1, 'another')).toMatchObject({ count: 6 });
      expect(await add(other.url, 'a', 5, 'k')).toEqual(first);
      expect(await recordsIn(topic)).toBe(3);
    },
  );

  test.for(stores)(
    'S25 with views in %s: killed in the midst of many writes, answered or not: each is carried out once',
    { timeout: 180_000 },
    async (kind, context) => {
      const redis = redisOf(kind, context);
      const topic = uniqueTopic('counters');
      const directory = await temporaryDirectory();
      const ids = Array.from({ length: 12 }, (_, n) => `c${n}`);
      let running = await startCounters({ topic, directory, redis });
      for (const id of ids) {
        await post(running.url, 'mutation($id: ID!) { setCounter(id: $id, count: 0) { id } }', { id });
      }
      const requests = ids.flatMap((id) => [1, 2, 3, 4, 5, 6].map((n) => ({ id, key: `${id}/${n}` })));
      const answers = new Map<string, unknown>();
      const sendAll = async (killAfter: number): Promise<void> => {
        const { url } = running;
        let answered = 0;
        await Promise.all(
          requests.map(async ({ id, key }) => {
            const answer = await add(url, id, 1, key);
            if (answer === 'UNANSWERED') return;
            // Whoever was answered before is answered alike.
            expect(answer).toEqual(
              answers.get(key) ?? expect.objectContaining({ count: expect.any(Number) }),
            );
            answers.set(key, answer);
            answered++;
            if (answered === killAfter) running.kill();
          }),
        );
      };
      for (const killAfter of [7, 31]) {
        await sendAll(killAfter);
        await running.ended;
        running = await startCounters({ topic, directory, redis });
      }
      await sendAll(Number.POSITIVE_INFINITY);
      expect(answers.size).toBe(requests.length);
      for (const id of ids) {
        const { data } = await post(running.url, 'query($id: ID!) { counter(id: $id) { count } }', { id });
        expect(data).toEqual({ counter: { count: 6 } });
      }
      expect(await recordsIn(topic)).toBe(ids.length + requests.length);
    },
  );
});

type Added = { readonly count: number; readonly position: unknown } | 'UNANSWERED';

/** What an `add` was answered, and where its record lies. */
const add = async (url: string, id: string, by: number, idempotencyKey: string): Promise<Added> => {
  const text =
    'mutation($id: ID!, $by: Int!, $key: ID) { add(id: $id, by: $by, idempotencyKey: $key) { count } }';
  const result = await post(url, text, { id, by, key: idempotencyKey }).catch((error: unknown) => {
    // What fetch says of a connection that was refused or broke.
    if (error instanceof TypeError) return null;
    throw error;
  });
  if (result === null) return 'UNANSWERED';
  if (result.errors !== undefined) throw new Error(JSON.stringify(result.errors));
  const { count } = (result.data as { add: { count: number } }).add;
  const [[partition, offset] = []] = Object.values(tributaryOf(result).position)[0] ?? [];
  return { count, position: { partition, offset } };
};

/** That were ever written, whatever compaction took. */
const recordsIn = async (topic: string): Promise<number> => {
  const admin = kafka().admin();
  await admin.connect();
  try {
    const ends = await admin.fetchTopicOffsets(topic);
    return ends.reduce((sum, { high }) => sum + Number(high), 0);
  } finally {
    await admin.disconnect();
  }
};

interface Counters {
  readonly url: string;
  kill(): void;
  readonly ended: Promise<unknown>;
}

const startCounters = async (
  options: Pick<CounterProcessOptions, 'topic' | 'redis'> & Partial<CounterProcessOptions>,
): Promise<Counters> => {
  const script = fileURLToPath(new URL('./counter-process.ts', import.meta.url));
  const directory = options.directory ?? (await temporaryDirectory());
  const argument: CounterProcessOptions = { dies: false, ...options, directory, brokers: brokers() };
  const child = spawn(process.execPath, [...process.execArgv, script, JSON.stringify(argument)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const kill = (): void => void child.kill('SIGKILL');
  onTestFinished(async () => {
    kill();
    await ended;
  });
  const [url] = await Promise.race([
    once(createInterface(child.stdout), 'line'),
    ended.then(([code]) => Promise.reject(new Error(`The replica ended with ${code} before it was ready.`))),
  ]);
  return { url: String(url), kill, ended };
};
