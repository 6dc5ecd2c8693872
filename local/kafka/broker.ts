import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { requireSpace } from '../disk.ts';
import { withLock } from '../lock.ts';
import { isAlive } from '../supervisor/index.ts';
import { directoryInUse } from './failures.ts';
import { launch, type NodeOptions, ourselves } from './launch.ts';
import { ensureLibraries, type LibraryOptions } from './libraries.ts';
import { type LocalBroker, localBroker } from './local-broker.ts';
import { readRunning, writeRunning } from './node-state.ts';
import { askCluster } from './probe.ts';
import { findJava } from './tools.ts';

export interface BrokerOptions extends NodeOptions, LibraryOptions {
  /** Where data, settings and logs are kept. The same directory means the same cluster, records included. */
  readonly directory: string;
}

/**
 * Starts a real Kafka broker without Docker and resolves when it answers clients: about 2 s, 4 s the first time, and 8 s
 * for fetching it. A broker that a killed process left behind in the directory is taken over as it is. The broker
 * outlives this process unless stopped. Throws LocalError.
 */
export async function startBroker(options: BrokerOptions): Promise<LocalBroker> {
  const directory = resolve(options.directory);
  const libraries = await ensureLibraries(options);
  const java = await findJava(options.environment);
  await mkdir(directory, { recursive: true });
  return withLock(join(directory, 'start.lock'), async () => {
    const left = await takeOver(directory, options.port);
    if (left !== null) return left;
    await requireSpace(directory);
    return launch({ java, libraries, directory }, options);
  });
}

/**
 * Ends the broker that a killed process left behind in a directory. True when nobody uses the directory any more,
 * false when the broker's owner lives.
 */
export async function endAbandoned(directory: string): Promise<boolean> {
  const running = await readRunning(directory);
  if (running === null) return true;
  if (isAlive(running.owner)) return false;
  await localBroker(directory, running.broker, running.port).stop();
  return true;
}

/** A running broker whose owner died is ours now; one that is silent or on another port than asked for is ended. */
async function takeOver(directory: string, port: number | undefined): Promise<LocalBroker | null> {
  const running = await readRunning(directory);
  if (running === null) return null;
  if (isAlive(running.owner)) {
    throw directoryInUse(directory, running.port, running.broker.pid, running.owner.pid);
  }
  const broker = localBroker(directory, running.broker, running.port);
  const answer = await askCluster('127.0.0.1', running.port, 5_000).catch(() => null);
  if (answer === null || (port !== undefined && port !== running.port)) {
    await broker.stop();
    return null;
  }
  await writeRunning(directory, { ...running, owner: ourselves() });
  return broker;
}
