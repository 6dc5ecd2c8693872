import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { RunDescription } from './checker/format.ts';
import type { ClientPlan } from './clients/client.ts';
import { planClients } from './clients/plans.ts';
import { ClientPool } from './clients/pool.ts';
import { allFaults } from './faults.ts';
import { Random } from './random.ts';
import { Schedule } from './schedule.ts';
import { storm } from './storm.ts';
import { System, topics } from './system/system.ts';
import { SteadyWriter } from './writer.ts';

export interface RunOptions {
  readonly seed: number;
  readonly clients: number;
  /** Processes that the clients are spread over. */
  readonly clientProcesses: number;
  /** Records a second. */
  readonly rate: number;
  /** No faults, but all clients cut off at once. */
  readonly storm: boolean;
  /** Milliseconds for which faults begin; 0 for none. */
  readonly faultsMs: number;
  /** Ends earlier, when each kind of fault had its turn. */
  readonly once: boolean;
  /** Milliseconds between the begins of two faults. */
  readonly every: readonly [number, number];
  readonly stopMs: number;
  readonly awayMs: readonly [number, number];
  /** Milliseconds of writing before the first fault and after the last. */
  readonly calmMs: number;
  /** Seconds that clients have to become up to date when nothing is broken or written any more. */
  readonly catchUpSeconds: number;
  /** Names of the faults to choose from; null for all. */
  readonly only: readonly string[] | null;
  /** Keep the files of a good run, too. */
  readonly keep: boolean;
  readonly signal: AbortSignal;
}

/** Records there are before the first client comes. */
const prepared = 1_000;

/**
 * Starts everything, breaks it by the seed while clients write down what comes, and has the checker judge it. Resolves
 * with the checker's exit code. Ends every process, whatever happens; files are kept only when something is wrong.
 */
export async function faultRun(options: RunOptions): Promise<number> {
  const { seed } = options;
  const ending = new AbortController();
  const signal = AbortSignal.any([options.signal, ending.signal]);
  const directory = await mkdtemp(join(tmpdir(), 'tributary-faults-'));
  let code = 1;
  let system: System | null = null;
  let pool: ClientPool | null = null;
  try {
    system = await System.create(directory);
    const began = Date.now();
    await system.start(signal);
    console.log(`seed ${seed}: 3 brokers, 2 replicas, 2 gateways stand after ${secondsSince(began)} s`);
    pool = new ClientPool({ directory, processes: options.clientProcesses, gateways: system.gatewayUrls });
    code = await runOn(system, pool, directory, { ...options, signal });
  } finally {
    // What is still being started is not to outlive the run.
    ending.abort();
    await pool?.end();
    await system?.stop();
    if (code === 0 && !options.keep) {
      await Promise.all([rm(directory, { recursive: true, force: true }), system?.brokers.remove()]);
    } else {
      console.log(`Logs are in ${[directory, ...(system?.brokers.directories ?? [])].join(', ')}`);
    }
  }
  return code;
}

async function runOn(
  system: System,
  pool: ClientPool,
  directory: string,
  options: RunOptions,
): Promise<number> {
  const writer = await SteadyWriter.connect({
    brokers: system.brokers.addresses,
    log: join(directory, 'written.jsonl'),
    rate: options.rate,
    noteLength: options.storm ? 0 : 1_500,
  });
  try {
    return await withWriter(writer, system, pool, directory, options);
  } finally {
    await writer.abandon();
  }
}

async function withWriter(
  writer: SteadyWriter,
  system: System,
  pool: ClientPool,
  directory: string,
  options: RunOptions,
): Promise<number> {
  const { seed, signal } = options;
  const random = new Random(seed);
  await writer.prepare(prepared);
  const from = await system.brokers.ends(topics.entries);
  const { first, late } = planClients({ count: options.clients, random, from, allAtOnce: options.storm });
  const plans = [...first, ...late];
  const description: RunDescription = {
    seed,
    brokers: system.brokers.addresses,
    clients: plans.map(({ declaration }) => declaration),
  };
  await writeFile(join(directory, 'run.json'), JSON.stringify(description, null, 1));
  const joining = Date.now();
  pool.join(first);
  await pool.started(60_000);
  console.log(`${pool.size} clients have begun after ${secondsSince(joining)} s; ${late.length} come later`);
  writer.begin();
  await pause(options.calmMs, undefined, { signal });
  if (options.storm) await storm({ system, pool, directory, calmMs: options.calmMs, signal });
  else await breakThings(system, pool, plans, late, { ...options, directory, random });
  await pause(options.calmMs, undefined, { signal });
  await writer.end();
  if (writer.refused > 0) console.log(`${writer.refused} records were not acknowledged`);
  return check(directory, options.catchUpSeconds, signal);
}

interface BreakOptions extends RunOptions {
  readonly directory: string;
  readonly random: Random;
}

/** The late clients come one after the other in the first half of the time. */
async function breakThings(
  system: System,
  pool: ClientPool,
  plans: readonly ClientPlan[],
  late: readonly ClientPlan[],
  options: BreakOptions,
): Promise<void> {
  const { faultsMs, signal, random, directory } = options;
  const each = faultsMs / 2 / Math.max(1, late.length);
  const coming = (async () => {
    for (const plan of late) {
      pool.join([plan]);
      await pause(each, undefined, { signal });
    }
  })();
  const declarations = plans.map(({ declaration }) => declaration);
  const known = allFaults({
    system,
    pool,
    slow: declarations.filter(({ slow }) => slow).map(({ client }) => client),
    clients: declarations.map(({ client }) => client),
    random,
    stopMs: options.stopMs,
    awayMs: options.awayMs,
  });
  const unknown = options.only?.find((name) => !known.some((fault) => fault.name === name));
  if (unknown !== undefined) {
    throw new Error(
      `No fault is called "${unknown}". There are: ${known.map(({ name }) => name).join(', ')}.`,
    );
  }
  const faults = known.filter(({ name }) => options.only?.includes(name) ?? true);
  const log = join(directory, 'faults.jsonl');
  const schedule = new Schedule({ faults, random, log, every: options.every, since: Date.now() });
  await Promise.all([coming, schedule.run(faultsMs, options.once, signal)]);
}

/** The checker is a program of its own, which knows nothing but the files and Kafka. */
async function check(directory: string, seconds: number, signal: AbortSignal): Promise<number> {
  const script = join(import.meta.dirname, 'checker', 'main.ts');
  const parameters = [...process.execArgv, script, directory, '--follow', String(seconds)];
  const child = spawn(process.execPath, parameters, { stdio: 'inherit', signal });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}

const secondsSince = (ms: number): string => ((Date.now() - ms) / 1000).toFixed(1);
