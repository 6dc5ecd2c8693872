import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import type { View } from '../../../../subgraphs/kit/view/view.ts';
import { startDelayingProxy } from '../../../support/delaying-proxy.ts';
import { requireRedis, startRedis } from '../../../support/redis.ts';
import { findRedis } from '../../../support/redis-server.ts';
import { newNamespace, openReplica, Records, type Replica, summary } from './replica.ts';

const found = await findRedis();

/** A server of the test's own, since it is killed. */
const ownServer = async (context: Parameters<typeof requireRedis>[1], persistent: boolean) => {
  const server = requireRedis(found === null ? null : await startRedis({ persistent }), context);
  onTestFinished(() => server.close());
  return server;
};

const keysOf = (records: Records): string[] => [...new Set(records.all.map(({ key }) => key ?? ''))];

async function expectRows(view: View, records: Records): Promise<void> {
  const keys = keysOf(records);
  const stored = await view.getMany(keys);
  expect(stored.map((row) => row?.row ?? null)).toEqual(keys.map((key) => records.rows().get(key) ?? null));
  expect(await view.count()).toBe(records.rows().size);
  const page = await view.page({ conditions: [], orderBy: [], first: 500, after: null });
  expect(page.rows.map(({ key }) => key)).toEqual([...records.rows().keys()].sort());
  const { rows } = await view.scan({ partition: 0, from: 0, limit: 500 });
  expect(rows).toHaveLength(keys.length);
}

/** Records that were handed out with a row in doubt may have been in any filter; what is known has to be right. */
function expectHandedOut(replica: Replica, records: Records): void {
  const handedOut = replica.handedOut.map(summary);
  expect(handedOut.map(([offset]) => offset)).toEqual(records.all.map(({ offset }) => offset));
  const expected = records.changes();
  for (const [offset, row, old] of handedOut) {
    if (old !== 'UNKNOWN') expect([offset, row, old]).toEqual(expected[offset]);
  }
}

test('S27 Redis restarts without its data: no query is answered from an empty store, streams go on, one replica fills it again', async (context) => {
  const server = await ownServer(context, false);
  const namespace = newNamespace();
  const records = new Records().fill(3_000, 200);
  const filling = Promise.withResolvers<void>();
  const allowed = Promise.withResolvers<void>();
  let replays = 0;
  const replayed = async (): Promise<void> => {
    replays++;
    filling.resolve();
    await allowed.promise;
  };
  const options = { url: server.url, namespace, records, replayed };
  const replicas = [await openReplica(options), await openReplica(options)];
  await Promise.all(replicas.map((replica) => replica.read(3_000)));
  await server.kill();
  for (const { view } of replicas) {
    await expect(view.getMany(['K1'])).rejects.toMatchObject({ code: 'VIEW_NOT_READY' });
  }
  await server.start();
  for (const { view, said } of replicas) {
    await said('serves views again');
    for (const read of [
      () => view.getMany(['K1']),
      () => view.page({ conditions: [], orderBy: [], first: 5, after: null }),
      () => view.scan({ partition: 0, from: 0, limit: 5 }),
      () => view.count(),
    ]) {
      await expect(read()).rejects.toMatchObject({ code: 'VIEW_NOT_READY' });
    }
  }
  await filling.promise;
  records.fill(500, 200);
  await Promise.all(replicas.map((replica) => replica.read(3_500)));
  expect(
    replicas.map(({ handedOut }) =>
      handedOut
        .slice(3_000)
        .map(summary)
        .map(([, , old]) => old),
    ),
  ).toEqual([Array(500).fill('UNKNOWN'), Array(500).fill('UNKNOWN')]);
  allowed.resolve();
  await Promise.all(replicas.map(({ said }) => said('The view is complete again.')));
  // Twice by the one with the lease: what was there, and what came meanwhile.
  expect(replays).toBeLessThanOrEqual(3);
  // What was written before a replica learned of the new store is in doubt, what comes later is not.
  for (const end of [3_700, 4_000]) {
    records.fill(end - records.all.length, 200);
    await Promise.all(replicas.map((replica) => replica.read(end)));
  }
  for (const replica of replicas) {
    await expectRows(replica.view, records);
    expectHandedOut(replica, records);
    expect(replica.handedOut.slice(-300).map(summary)).toEqual(records.changes().slice(-300));
  }
});

test('S27 Redis restarts with its data: nothing is read again, nothing is in doubt', async (context) => {
  const server = await ownServer(context, true);
  const records = new Records().fill(2_000, 100);
  const replica = await openReplica({ url: server.url, namespace: newNamespace(), records });
  await replica.read(1_000);
  const reading = replica.read(2_000);
  await server.kill();
  await server.start();
  await reading;
  await expectRows(replica.view, records);
  expect(replica.handedOut.map(summary)).toEqual(records.changes());
  expect(replica.messages.join()).not.toContain('lost');
});

test('S27 Redis comes back as it was some time ago, as after a fail-over: what is missing is filled in', async (context) => {
  const server = await ownServer(context, false);
  const records = new Records().fill(1_000, 100);
  const replica = await openReplica({ url: server.url, namespace: newNamespace(), records });
  await replica.read(600);
  const redis = new Redis(server.port, '127.0.0.1');
  onTestFinished(() => redis.disconnect());
  const keys = await redis.keys('*');
  const dumps = await Promise.all(keys.map((key) => redis.dumpBuffer(key)));
  await replica.read(1_000);
  await redis.flushall();
  await Promise.all(keys.map((key, index) => redis.restore(key, 0, dumps[index]!)));
  await expect(replica.view.getMany(['K1'])).rejects.toMatchObject({ code: 'VIEW_NOT_READY' });
  await replica.said('The view is complete again.');
  await expectRows(replica.view, records);
  records.fill(100, 100);
  await replica.read(1_100);
  await expectRows(replica.view, records);
  expectHandedOut(replica, records);
});

test('S27 what compaction took before a lost store was filled again is in doubt, for every replica', async (context) => {
  const server = await ownServer(context, false);
  const records = new Records().add('a', { n: 0 }).add('b', { n: 0 }).add('a', { n: 1 });
  const options = { url: server.url, namespace: newNamespace(), records, isCompacted: true };
  const replicas = [await openReplica(options), await openReplica(options)];
  const [first, second] = replicas;
  for (const replica of replicas) await replica.read(3);
  records.add('a', { n: 2 });
  const redis = new Redis(server.port, '127.0.0.1');
  onTestFinished(() => redis.disconnect());
  await redis.flushall();
  await expect(first!.view.getMany(['a'])).rejects.toMatchObject({ code: 'VIEW_NOT_READY' });
  await first!.said('The view is complete again.');
  for (const replica of replicas) {
    await replica.read(4);
    // Clients of both hold n: 1, which the new store never had.
    expect(replica.handedOut.slice(3).map(summary)).toEqual([[3, { n: 2 }, 'UNKNOWN']]);
  }
  records.add('a', { n: 3 });
  for (const replica of replicas) {
    await replica.read(5);
    expect(replica.handedOut.slice(4).map(summary)).toEqual([[4, { n: 3 }, { n: 2 }]]);
  }
  expect(second!.messages.join()).not.toContain('lost');
});

test('S27 a Redis that stands still: queries end by their deadline, records wait, nothing is doubled afterwards', async (context) => {
  const server = await ownServer(context, false);
  const way = await startDelayingProxy(server.port);
  const records = new Records().fill(1_000, 100);
  const url = `redis://127.0.0.1:${way.port}`;
  const replica = await openReplica({ url, namespace: newNamespace(), records, deadlineMs: 200 });
  await replica.read(500);
  const connections = way.connections;
  server.halt();
  const reading = replica.read(1_000);
  const started = performance.now();
  await expect(replica.view.getMany(['K1'])).rejects.toMatchObject({
    code: 'VIEW_NOT_READY',
    message: expect.stringContaining('does not answer'),
  });
  expect(performance.now() - started).toBeLessThan(1_500);
  await replica.said('does not serve views');
  // The fault lasts: the script of the records is given up and sent again, the connection is taken for gone, and so is the next.
  await expect.poll(() => way.connections).toBeGreaterThan(connections + 1);
  server.resume();
  await reading;
  await expectRows(replica.view, records);
  expect(replica.handedOut.map(summary)).toEqual(records.changes());
});

test('a Redis that stands still is not sent commands without end: beyond 4,000 they are refused at once', async (context) => {
  const server = await ownServer(context, false);
  const records = new Records().fill(10, 3);
  const replica = await openReplica({
    url: server.url,
    namespace: newNamespace(),
    records,
    deadlineMs: 20_000,
  });
  await replica.read(10);
  server.halt();
  const waiting = Promise.allSettled(Array.from({ length: 4_000 }, () => replica.view.count()));
  await expect(replica.view.count()).rejects.toMatchObject({
    code: 'VIEW_NOT_READY',
    message: expect.stringContaining('4000 commands to answer'),
  });
  server.resume();
  expect(new Set((await waiting).map(({ status }) => status))).toEqual(new Set(['fulfilled']));
  expect(await replica.view.count()).toBe(records.rows().size);
});

test('closing does not wait for a Redis that is gone', async (context) => {
  const server = await ownServer(context, false);
  const records = new Records().fill(100, 10);
  const replica = await openReplica({ url: server.url, namespace: newNamespace(), records });
  await replica.read(50);
  await server.kill();
  const reading = replica.read(100);
  await replica.said('does not serve views');
  await replica.view.close();
  await expect(reading).rejects.toMatchObject({ code: 'DRAINING' });
});
