import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { ProcessIdentity } from './identity.ts';

/** What a supervisor writes down, so that the next one can end what it left behind. */
export interface PidFile {
  readonly supervisor: ProcessIdentity;
  /** In the order of their start. Each leads a process group of its own. */
  readonly services: readonly (ProcessIdentity & { readonly name: string })[];
}

/** Null when there is no file, or none that a supervisor wrote: a torn file cannot be, since it is renamed into place. */
export const readPidFile = (file: string): PidFile | null => {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return null;
  }
  try {
    const content: unknown = JSON.parse(text);
    return isPidFile(content) ? content : null;
  } catch {
    return null;
  }
};

/** Makes the file, or returns false when it is there already: of two supervisors that start at once, one wins. */
export const createPidFile = (file: string, content: PidFile): boolean => {
  mkdirSync(dirname(file), { recursive: true });
  const fresh = writeBeside(file, content);
  try {
    linkSync(fresh, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(fresh, { force: true });
  }
};

/** Synchronous on purpose: between a spawn and its line in the file nothing else runs, so no child is forgotten. */
export const replacePidFile = (file: string, content: PidFile): void => {
  renameSync(writeBeside(file, content), file);
};

export const removePidFile = (file: string): void => {
  rmSync(file, { force: true });
};

const writeBeside = (file: string, content: PidFile): string => {
  const fresh = `${file}.${process.pid}`;
  writeFileSync(fresh, `${JSON.stringify(content, null, 2)}\n`);
  return fresh;
};

const isPidFile = (content: unknown): content is PidFile => {
  if (typeof content !== 'object' || content === null) return false;
  const { supervisor, services } = content as Record<string, unknown>;
  return isIdentity(supervisor) && Array.isArray(services) && services.every(isIdentity);
};

const isIdentity = (value: unknown): value is ProcessIdentity => {
  if (typeof value !== 'object' || value === null) return false;
  const { pid, startTime } = value as Record<string, unknown>;
  // Group 0 and 1 would signal ourselves and everybody.
  return Number.isInteger(pid) && (pid as number) > 1 && typeof startTime === 'string';
};
