import { expect, test } from 'vitest';
import { brokers } from '../support/kafka.ts';
import { findRedis } from '../support/redis-server.ts';
import { holds, table } from './measure.ts';
import { startOwnRedis } from './redis.ts';
import { parts, runVolume } from './run.ts';

/** The short form of `npm run test:volume`; its bounds leave room for whatever else runs on the machine. */
test('S12 S13 S20 snapshots and replays to clients that stop or read slowly: nobody else notices, memory is bounded', async () => {
  await using opened = new AsyncDisposableStack();
  const redis = (await findRedis()) === null ? null : opened.use(await startOwnRedis()).url;
  const measures = await runVolume({
    brokers: brokers(),
    redis,
    only: new Set(parts),
    rows: 80_000,
    records: 80_000,
    seconds: 3,
    stallMs: 3_000,
    slowSeconds: 4,
    bounds: { delayRatio: 5, delayMs: 1_500, gatewayMegabytes: 400, subgraphMegabytes: 400 },
    tell: () => undefined,
  });
  console.log(table(measures));
  expect(measures.filter((measure) => !holds(measure))).toEqual([]);
}, 300_000);
