import { expect, onTestFinished, test } from 'vitest';
import { connectRedis } from '../../../../subgraphs/kit/view/redis/connection.ts';
import { openRedisView } from '../../../../subgraphs/kit/view/redis/redis-view.ts';
import type { View } from '../../../../subgraphs/kit/view/view.ts';
import { requireRedis, startRedis } from '../../../support/redis.ts';
import { findRedis } from '../../../support/redis-server.ts';
import { flights, identity, queries } from '../flights.ts';
import { expectFold, startApplier } from '../killable.ts';

const found = await findRedis();

async function look(url: string, work: (view: View) => Promise<void>): Promise<void> {
  const connection = await connectRedis({ url });
  const source = { latest: async () => [], replay: async function* () {} };
  const view = await openRedisView({
    connection,
    description: flights,
    queries,
    identity,
    source,
    partitions: 3,
  });
  await work(view);
  await view.close();
  await connection.close();
}

function expectKept(view: View, lines: readonly string[]): void {
  for (const line of lines) {
    const [partition = 0, next = 0] = line.split(' ').map(Number);
    expect(view.position[partition]).toBeGreaterThanOrEqual(next);
  }
}

test('S27 kill -9 of a process that applies: rows and position agree, and nothing acknowledged is lost', async (context) => {
  const server = requireRedis(found === null ? null : await startRedis(), context);
  onTestFinished(() => server.close());
  for (const lines of [3, 40, 200]) {
    const applier = startApplier(server.url);
    await applier.said(lines);
    await applier.kill();
    await look(server.url, async (view) => {
      expectKept(view, applier.lines);
      for (const partition of [0, 1, 2]) await expectFold(view, partition);
    });
  }
});

test('S27 kill -9 of a Redis that keeps its data, while two processes apply: rows and position agree, and both go on', async (context) => {
  const server = requireRedis(found === null ? null : await startRedis({ persistent: true }), context);
  onTestFinished(() => server.close());
  const appliers = [startApplier(server.url), startApplier(server.url)];
  for (const lines of [20, 100, 200]) {
    await Promise.all(appliers.map((applier) => applier.said(lines)));
    await server.kill();
    await server.start();
    await Promise.all(appliers.map((applier) => applier.said(applier.lines.length + 20)));
  }
  for (const applier of appliers) await applier.kill();
  await look(server.url, async (view) => {
    for (const { lines } of appliers) expectKept(view, lines);
    for (const partition of [0, 1, 2]) await expectFold(view, partition);
  });
});
