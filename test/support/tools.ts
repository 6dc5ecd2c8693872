import { spawnSync } from 'node:child_process';
import { findJava, findMaven } from '../../local/kafka/index.ts';

/** Throws a message with the cure for the first tool that is missing, after installing them where that is allowed. */
export async function requireTools(mayInstall: boolean): Promise<void> {
  if (mayInstall && (await anyMissing())) install(['default-jre-headless', 'maven']);
  await findJava();
  await findMaven();
}

async function anyMissing(): Promise<boolean> {
  const found = await Promise.allSettled([findJava(), findMaven()]);
  return found.some(({ status }) => status === 'rejected');
}

/** Changes the machine, so only as root in CI or when asked for. */
function install(packages: readonly string[]): void {
  for (const parameters of [['update'], ['install', '-y', '--no-install-recommends', ...packages]]) {
    console.log(`apt-get ${parameters.join(' ')}`);
    const { status, error } = spawnSync('apt-get', ['-qq', ...parameters], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    if (status === 0) continue;
    throw new Error(`apt-get ${parameters[0]} failed (${error?.message ?? `exit code ${status}`}).`);
  }
}
