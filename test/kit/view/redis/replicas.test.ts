import fc from 'fast-check';
import { expect, test } from 'vitest';
import { redisForTests, requireRedis } from '../../../support/redis.ts';
import { newNamespace, openReplica, Records, summary } from './replica.ts';

const server = await redisForTests();

const key = fc.constantFrom('a', 'b', 'c');
const row = fc.option(fc.record({ origin: fc.constantFrom('JFK', 'EWR'), n: fc.nat(9) }), { nil: null });

test('S27 replicas that read in any order and in any cuts all hand out each record once, with the row that it replaced', async (context) => {
  const { url } = requireRedis(server, context);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(key, row), { minLength: 1, maxLength: 30 }),
      fc.array(fc.tuple(fc.nat(1), fc.integer({ min: 1, max: 8 })), { maxLength: 15 }),
      async (written, turns) => {
        const records = new Records();
        for (const [name, content] of written) records.add(name, content);
        const namespace = newNamespace();
        const replicas = [
          await openReplica({ url, namespace, records }),
          await openReplica({ url, namespace, records }),
        ];
        const reached = [0, 0];
        const reads: Promise<void>[] = [];
        for (const [who, count] of [...turns, [0, 30], [1, 30]] as [number, number][]) {
          reached[who] = Math.min(reached[who]! + count, records.all.length);
          reads.push(replicas[who]!.read(reached[who]!));
        }
        await Promise.all(reads);
        for (const replica of replicas) {
          expect(replica.handedOut.map(summary)).toEqual(records.changes());
          const stored = await replica.view.getMany(['a', 'b', 'c']);
          expect(stored.map((found) => found?.row)).toEqual(
            ['a', 'b', 'c'].map((name) => records.rows().get(name)),
          );
        }
        for (const { view } of replicas) await view.close();
      },
    ),
    { numRuns: 25 },
  );
});

test('S27 a replica that starts while others serve begins where the store stands', async (context) => {
  const { url } = requireRedis(server, context);
  const records = new Records().fill(500, 40);
  const namespace = newNamespace();
  const first = await openReplica({ url, namespace, records });
  await first.read(300);
  const second = await openReplica({ url, namespace, records });
  expect(second.view.position).toEqual([300]);
  await second.read(500);
  await first.read(500);
  expect(second.handedOut.map(summary)).toEqual(records.changes().slice(300));
  expect(first.handedOut.map(summary)).toEqual(records.changes());
});

test('S27 a replica further behind than the log is told that it cannot know, and never a wrong row', async (context) => {
  const { url } = requireRedis(server, context);
  const records = new Records().fill(3_000, 50);
  const namespace = newNamespace();
  const ahead = await openReplica({ url, namespace, records, logEntries: 500 });
  const behind = await openReplica({ url, namespace, records });
  await behind.read(100);
  await ahead.read(3_000);
  await behind.read(3_000);
  const expected = records.changes();
  const handedOut = behind.handedOut.map(summary);
  expect(handedOut.map(([offset]) => offset)).toEqual(expected.map(([offset]) => offset));
  const known = handedOut.filter(([, , old]) => old !== 'UNKNOWN');
  expect(known).toEqual(expected.filter(([offset]) => known.some(([other]) => other === offset)));
  // Redis cuts the log by whole blocks of 100 entries, so it keeps a few more than asked for.
  expect(handedOut.length - known.length).toBeGreaterThan(2_000);
  expect(handedOut.slice(-500)).toEqual(expected.slice(-500));
});

test('S24 waitFor wakes when another replica brings the store there', async (context) => {
  const { url } = requireRedis(server, context);
  const records = new Records().fill(10, 3);
  const namespace = newNamespace();
  const writing = await openReplica({ url, namespace, records });
  const waiting = await openReplica({ url, namespace, records });
  const reached = waiting.view.waitFor(0, 10, 60_000);
  await writing.read(10);
  expect(await reached).toBe(true);
  expect(waiting.view.position).toEqual([10]);
  expect(waiting.handedOut).toEqual([]);
  await waiting.read(10);
  expect(waiting.handedOut.map(summary)).toEqual(records.changes());
});

test('S24 waitFor of a partition that nobody has ends with false', async (context) => {
  const { url } = requireRedis(server, context);
  const { view } = await openReplica({ url, namespace: newNamespace(), records: new Records() });
  expect(await view.waitFor(1e9, 1, 20)).toBe(false);
  expect(view.position).toEqual([]);
});
