import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { FaultLine } from './checker/format.ts';
import type { ClientPool } from './clients/pool.ts';
import type { Service } from './system/service.ts';
import type { System } from './system/system.ts';

/** For all to be connected again. */
const returnMs = 120_000;

export interface StormOptions {
  readonly system: System;
  readonly pool: ClientPool;
  readonly directory: string;
  /** Milliseconds of calm before and after. */
  readonly calmMs: number;
  readonly signal: AbortSignal;
}

/** Cuts all clients off at once, and prints what their return cost gateways, subgraph and Kafka. */
export async function storm({ system, pool, directory, calmMs, signal }: StormOptions): Promise<void> {
  const services = [...system.replicas, ...system.gateways];
  await pause(calmMs, undefined, { signal });
  const quietAt = Date.now();
  const quiet = await countAll(services);
  await pause(calmMs, undefined, { signal });
  const before = await countAll(services);
  const at = Date.now();
  pool.cut(null);
  console.log(`${pool.size} clients are cut off`);
  await pool.connected(returnMs);
  console.log(`all are connected again after ${seconds(Date.now() - at)}`);
  await pause(calmMs, undefined, { signal });
  const after = await countAll(services);
  const line: FaultLine = { fault: 'storm', target: `${pool.size} clients`, at, until: at };
  await appendFile(join(directory, 'faults.jsonl'), `${JSON.stringify(line)}\n`);
  console.log(
    `what ${seconds(at - quietAt)} before the storm cost, and ${seconds(Date.now() - at)} with it:`,
  );
  for (const [name, count] of after) {
    const first = quiet.get(name) ?? 0;
    const second = before.get(name) ?? 0;
    if (count > second || second > first) console.log(`${name}: ${second - first}, ${count - second}`);
  }
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** Counters that only grow; others, such as clients that are there, tell nothing by their difference. */
const growing =
  /fetches|ranges|records|bytes|opened|joined|detached|refused|executed|Opened|Shared|Queued|ringJoins|executions|deliveries|slowClients/;

async function countAll(services: readonly Service[]): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const service of services) {
    const kind = service.name.replace(/-\d+$/, '');
    for (const [path, value] of numbers(await service.health(30_000))) {
      if (!growing.test(path)) continue;
      const name = `${kind} ${path}`;
      counts.set(name, (counts.get(name) ?? 0) + value);
    }
  }
  return counts;
}

/** Every number of a JSON value with its path; members of an array by their `topic`. */
function* numbers(value: unknown, path = ''): Generator<readonly [string, number]> {
  if (typeof value === 'number') yield [path, value];
  if (typeof value !== 'object' || value === null) return;
  const { topic } = value as { topic?: unknown };
  const base = typeof topic === 'string' ? topic : path;
  for (const [name, member] of Object.entries(value)) {
    yield* numbers(member, Array.isArray(value) ? base : `${base}.${name}`.replace(/^\./, ''));
  }
}
