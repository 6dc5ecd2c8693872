import { open, readFile, rename, rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { identityOf, isAlive, type ProcessIdentity } from './supervisor/index.ts';

/**
 * Runs `work` while no other process holds the same lock file. A lock whose process is dead is taken over, so that a
 * kill -9 never blocks the next start. Waits without a deadline: the holder's own work has one.
 */
export async function withLock<T>(path: string, work: () => Promise<T>, onWait?: () => void): Promise<T> {
  let told = false;
  while (!(await acquire(path))) {
    if (!told) onWait?.();
    told = true;
    await delay(100);
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function acquire(path: string): Promise<boolean> {
  const mine = JSON.stringify(identityOf(process.pid));
  try {
    const file = await open(path, 'wx');
    await file.writeFile(mine);
    await file.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  await removeWhenDead(path);
  return false;
}

async function removeWhenDead(path: string): Promise<void> {
  const before = await readFile(path, 'utf8').catch(() => null);
  if (before === null) return;
  const holder = parseIdentity(before);
  // An empty file is a holder between open and write, unless it stays so.
  if (holder === null && (await sameAfterASecond(path, before)) === false) return;
  if (holder !== null && isAlive(holder)) return;
  // Rename first: of two waiters that saw the same dead holder only one gets the file, so no live lock is removed.
  const grave = `${path}.${process.pid}`;
  await rename(path, grave).catch(() => undefined);
  await rm(grave, { force: true });
}

async function sameAfterASecond(path: string, before: string): Promise<boolean> {
  await delay(1000);
  return (await readFile(path, 'utf8').catch(() => null)) === before;
}

function parseIdentity(text: string): ProcessIdentity | null {
  try {
    return JSON.parse(text) as ProcessIdentity;
  } catch {
    return null;
  }
}
