import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fetchedOnce } from '../support/fetched.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..');

/**
 * A cache of npm's with all that an installation of the package takes from the registry, so that the tests install it
 * offline; fetched when the dependencies are not those of the last time (40 MB). Rejects with npm's message and the cure.
 */
export const packageDependencies = async (): Promise<string> => {
  const { dependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  const version = createHash('sha256').update(JSON.stringify(dependencies)).digest('hex').slice(0, 16);
  const target = join(root, '.tributary', 'tools', `npm-${version}`);
  return join(await fetchedOnce(target, (partial) => fill(partial, dependencies)), 'cache');
};

const fill = async (folder: string, dependencies: Readonly<Record<string, string>>): Promise<void> => {
  const project = join(folder, 'project');
  await mkdir(project);
  await writeFile(join(project, 'package.json'), JSON.stringify({ private: true, dependencies }));
  // Without a lockfile, as whoever installs the package: npm then keeps what it was told of each version.
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error'];
  try {
    await run('npm', ['install', ...options, '--cache', join(folder, 'cache')], {
      cwd: project,
      timeout: 300_000,
    });
  } catch (error) {
    const { stderr, message } = error as Error & { readonly stderr?: string };
    throw new Error(
      "The package's dependencies are missing: the tests of the package install them from a cache that is filled once, " +
        `which failed (${stderr?.trim() || message}). Connect to the registry, then run them again.`,
      { cause: error },
    );
  }
};
