import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * A folder that is filled once. It appears at its place when it is complete: whoever comes second finds it there.
 * Rejects with what `fill` rejects with.
 */
export const fetchedOnce = async (
  target: string,
  fill: (partial: string) => Promise<void>,
): Promise<string> => {
  if (existsSync(target)) return target;
  await mkdir(dirname(target), { recursive: true });
  const partial = await mkdtemp(`${target}.`);
  try {
    await fill(partial);
    await rename(partial, target).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
    return target;
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
};
