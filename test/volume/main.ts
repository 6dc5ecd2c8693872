/**
 * `npm run test:volume -- --rows 1000000`: snapshots, replays and restarts with so many rows. Prints a table; the exit
 * code is 0 only when every bound holds.
 *
 *   --rows N        rows of the snapshot, and records of the event topic; default 1,000,000
 *   --brokers list  a Kafka that is there; default: one of its own
 *   --only parts    of snapshot, replay, sqlite and redis those to run, separated by commas; default: all
 */
import { rm } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { ensureLibraries, startBroker } from '../../local/kafka/index.ts';
import { findRedis } from '../support/redis-server.ts';
import { brokerDirectory } from '../support/run-directory.ts';
import { holds, table } from './measure.ts';
import { startOwnRedis } from './redis.ts';
import { type Part, parts, runVolume } from './run.ts';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    brokers: { type: 'string' },
    only: { type: 'string', default: parts.join(',') },
  },
});
const rows = Number(values.rows);
if (!Number.isInteger(rows) || rows < 50_000) throw new Error('--rows is a whole number from 50000 on.');
const only = new Set(values.only.split(',').map(partNamed));

const tell = (line: string): void => console.log(`${new Date().toISOString().slice(11, 19)} ${line}`);
await using opened = new AsyncDisposableStack();
const brokers = values.brokers ?? (await ownBroker(opened));
const redis = (await findRedis()) === null ? null : opened.use(await startOwnRedis()).url;
const measures = await runVolume({
  brokers,
  redis,
  only,
  rows,
  records: rows,
  seconds: 60,
  stallMs: 30_000,
  slowSeconds: 60,
  bounds: { delayRatio: 1.5, delayMs: 15, gatewayMegabytes: 400, subgraphMegabytes: 400 },
  tell,
});
console.log(`\n${table(measures)}`);
const broken = measures.filter((measure) => !holds(measure));
console.log(broken.length === 0 ? '\nEvery bound holds.' : `\n${broken.length} bounds do not hold.`);
process.exitCode = broken.length === 0 ? 0 : 1;

function partNamed(name: string): Part {
  const part = parts.find((each) => each === name);
  if (part === undefined) throw new Error(`--only takes ${parts.join(', ')}, and not "${name}".`);
  return part;
}

async function ownBroker(stack: AsyncDisposableStack): Promise<string> {
  await ensureLibraries({ onProgress: tell });
  const directory = await brokerDirectory();
  const broker = await startBroker({ directory, onProgress: tell });
  stack.defer(async () => {
    await broker.kill();
    await rm(directory, { recursive: true, force: true });
  });
  return broker.brokers;
}
