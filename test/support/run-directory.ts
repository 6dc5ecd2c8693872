import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { endAbandoned } from '../../local/kafka/index.ts';

const folder = join(import.meta.dirname, '..', '..', '.tributary', 'test');

/** A new directory for a broker of this process. Its name ends with the pid, so that it can be swept after a kill. */
export async function brokerDirectory(): Promise<string> {
  const directory = join(folder, `${randomBytes(4).toString('hex')}-${process.pid}`);
  await mkdir(directory, { recursive: true });
  return directory;
}

/** Ends the brokers of test processes that were killed, and removes their directories. */
export async function sweepBrokerDirectories(): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const directory = join(folder, name);
    const pid = Number(name.slice(name.lastIndexOf('-') + 1));
    if (!isRunning(pid) && (await endAbandoned(directory))) {
      await rm(directory, { recursive: true, force: true });
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    return Number.isInteger(pid) && process.kill(pid, 0);
  } catch {
    return false;
  }
}
