import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { TributaryError } from '../../../schema/errors.ts';
import { type FileLock, lockFile } from './file-lock.ts';
import { createStatements, type Layout } from './sqlite-layout.ts';
import type { ViewLog } from './view-log.ts';

export interface ViewIdentity {
  readonly clusterId: string;
  /** Changes when the topic is deleted and made again. */
  readonly topicId: string;
}

export interface FileRequest {
  readonly directory: string;
  readonly layout: Layout;
  readonly identity: ViewIdentity;
  readonly tombstoneRetentionMs: number;
  readonly log: ViewLog;
}

/** A view file that is locked, consistent and of the right topic. */
export interface ViewFile {
  readonly path: string;
  readonly lock: FileLock;
}

/** A restart takes time too, so a file is given up a tenth of the retention before its tombstones may be gone. */
const freshShare = 0.9;

const besideOlder =
  'The view is built from its topic, beside an older one: its definition or its format changed.';

/** Opens the file of a definition, or builds it from empty where what is there cannot be gone on from. */
export function prepareViewFile(request: FileRequest): ViewFile {
  const { directory, layout, log } = request;
  mkdirSync(directory, { recursive: true });
  const path = join(directory, `${fileStem(layout)}.${layout.hash}.db`);
  const lock = lockFile(path);
  try {
    const reason = reasonToRebuild(path, request);
    if (reason !== null) log.warn({ file: path, reason }, 'The view is built again from its topic.');
    if (!existsSync(path)) {
      const older = reason === null ? olderFiles(directory, layout) : [];
      if (older.length > 0) log.info({ file: path, older }, besideOlder);
      create(path, request);
    }
    return { path, lock };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Kafka allows 249 characters in a topic's name, file systems 255 in a file's. */
function fileStem({ topic, type }: Layout): string {
  const stem = `${topic}.${type}`;
  if (stem.length <= 150) return stem;
  return `${stem.slice(0, 130)}~${createHash('sha256').update(stem).digest('hex').slice(0, 16)}`;
}

/** Takes what cannot be used out of the way. Null: there was nothing, or the file is good. */
function reasonToRebuild(path: string, request: FileRequest): string | null {
  if (!existsSync(path)) return null;
  const verdict = existsSync(corruptMark(path)) ? 'CORRUPT' : judge(path, request);
  if (verdict === null) return null;
  if (verdict === 'CORRUPT') {
    renameSync(path, `${path}.aside`);
    removeData(path);
    return `the file is corrupt; it was set aside as ${path}.aside`;
  }
  removeData(path);
  return verdict;
}

/** What is wrong with a file, in words; null when it is good. */
function judge(path: string, { identity, tombstoneRetentionMs }: FileRequest): string | null {
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(path);
    const hasTables =
      database.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'about'`).get() !== undefined;
    if (!hasTables) return 'it was never finished';
    const about = new Map(
      database
        .prepare('SELECT name, value FROM about')
        .all()
        .map(({ name, value }) => [String(name), String(value)]),
    );
    if (about.get('clusterId') !== identity.clusterId) return 'it is of another cluster';
    if (about.get('topicId') !== identity.topicId) return 'the topic was deleted and made again';
    database.prepare('SELECT partition, next FROM positions').all();
    const committedAt = Number(database.prepare('SELECT committed_at FROM totals').get()?.committed_at);
    const ageMs = Date.now() - committedAt;
    if (ageMs > tombstoneRetentionMs * freshShare) {
      return `it is ${Math.round(ageMs / 1000)} s old, and Kafka keeps tombstones for ${tombstoneRetentionMs / 1000} s`;
    }
    return null;
  } catch (error) {
    if (isCorruption(error)) return 'CORRUPT';
    throw error;
  } finally {
    database?.close();
  }
}

function create(path: string, { layout, identity }: FileRequest): void {
  // A write-ahead log that a killed removal left behind would be replayed into the new file.
  removeData(path);
  const database = new DatabaseSync(path);
  try {
    database.exec('PRAGMA journal_mode = WAL');
    database.exec('BEGIN');
    for (const statement of createStatements(layout)) database.exec(statement);
    const about = database.prepare('INSERT INTO about VALUES (?, ?)');
    about.run('clusterId', identity.clusterId);
    about.run('topicId', identity.topicId);
    database.prepare('INSERT INTO totals VALUES (0, ?)').run(Date.now());
    database.exec('COMMIT');
  } finally {
    database.close();
  }
}

/**
 * Removes the files of older definitions of this type and topic, once the new one serves. A file that a process still
 * holds stays until the next time. Returns the names of what was removed.
 */
export function removeOlderFiles(directory: string, layout: Layout): string[] {
  return olderFiles(directory, layout).filter((name) => {
    try {
      const lock = lockFile(join(directory, name));
      removeData(join(directory, name));
      rmSync(join(directory, `${name}.aside`), { force: true });
      lock.remove();
      return true;
    } catch (error) {
      if (error instanceof TributaryError) return false;
      throw error;
    }
  });
}

/** Names of the files of other definitions of this type and topic. */
function olderFiles(directory: string, layout: Layout): string[] {
  const stem = `${fileStem(layout)}.`;
  return readdirSync(directory).filter(
    (name) =>
      name.startsWith(stem) &&
      /^[0-9a-f]{16}\.db$/.test(name.slice(stem.length)) &&
      name !== `${stem}${layout.hash}.db`,
  );
}

/** Deletes a view's rows for good, the file first: without it the rest counts for nothing. The lock stays with the caller. */
export function removeData(path: string): void {
  for (const file of [path, `${path}-wal`, `${path}-shm`, `${path}-journal`, corruptMark(path)]) {
    rmSync(file, { force: true });
  }
}

/** Remembers across a restart that the file is not to be trusted. */
export const markCorrupt = (path: string): void => writeFileSync(corruptMark(path), '');

const corruptMark = (path: string): string => `${path}.corrupt`;

/** SQLITE_CORRUPT and SQLITE_NOTADB, with their extended codes. */
export const isCorruption = (error: unknown): boolean => {
  const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0;
  return code === 11 || code === 26;
};
