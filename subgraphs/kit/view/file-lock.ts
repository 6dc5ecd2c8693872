import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { TributaryError } from '../../../schema/errors.ts';

export interface FileLock {
  release(): void;
  /** Releases the lock and deletes its files. */
  remove(): void;
}

/** Who holds a lock, for the message of whoever comes second. */
interface Owner {
  readonly pid: number;
  readonly since: string;
}

/**
 * Locks `file` for this process, through a SQLite transaction on `file.lock`: the system gives the lock up when the
 * process dies, however it dies, so no lock outlives its owner and a pid used again cannot pass for one.
 * Throws CONFIGURATION_INVALID with file and owner when it is taken, also by this process.
 */
export function lockFile(file: string): FileLock {
  const lock = `${file}.lock`;
  const owner = `${file}.owner`;
  const database = new DatabaseSync(lock);
  try {
    database.exec('BEGIN IMMEDIATE');
  } catch (cause) {
    database.close();
    throw new TributaryError(
      'CONFIGURATION_INVALID',
      `The view file ${file} is in use by ${ownerText(owner)}. Stop that process, or give this one a directory of its own for its views.`,
      { cause },
    );
  }
  const self: Owner = { pid: process.pid, since: new Date().toISOString() };
  writeFileSync(owner, JSON.stringify(self));
  return {
    release() {
      rmSync(owner, { force: true });
      database.close();
    },
    remove() {
      rmSync(owner, { force: true });
      rmSync(lock, { force: true });
      database.close();
    },
  };
}

function ownerText(file: string): string {
  try {
    const { pid, since } = JSON.parse(readFileSync(file, 'utf8')) as Owner;
    return `process ${pid} (since ${since})`;
  } catch {
    return 'another process';
  }
}
