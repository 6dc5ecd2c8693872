import { statfs } from 'node:fs/promises';
import { LocalError } from './error.ts';

const megabyte = 1024 * 1024;

/** Throws DISK_FULL when the file system of an existing directory has less free space than asked for. */
export async function requireSpace(directory: string, bytes: number = 500 * megabyte): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  if (bavail * bsize >= bytes) return;
  throw diskFull(directory, Math.floor((bavail * bsize) / megabyte), Math.ceil(bytes / megabyte));
}

/** DISK_FULL when a program's output says that it hit the end of the disk, else null. */
export function diskFullIn(output: string, directory: string): LocalError | null {
  return /No space left on device|ENOSPC|disk quota exceeded/i.test(output) ? diskFull(directory) : null;
}

function diskFull(directory: string, free?: number, needed = 500): LocalError {
  const left = free === undefined ? 'no space is left' : `${free} MB are free and ${needed} MB are needed`;
  return new LocalError(
    'DISK_FULL',
    `The disk of ${directory} is full: ${left}. Free some space, then start again.`,
  );
}
