import { spawnSync } from 'node:child_process';
import { findJava, findMaven } from '../../local/kafka/index.ts';
import { chromiumMissing, findChromium } from './chromium.ts';

/**
 * Installs what is missing where that is allowed. Throws a message with the cure for a tool that nothing runs without;
 * resolves with one for those that some tests go without, null when all are there.
 */
export async function requireTools(mayInstall: boolean): Promise<string | null> {
  if (mayInstall) {
    const packages = await missingPackages();
    if (packages.length > 0) install(packages);
  }
  await findJava();
  await findMaven();
  if ((await findChromium()) !== null) return null;
  // Where it may be installed, nobody looks at a notice.
  if (mayInstall) throw new Error(`The package chromium was installed, and does not run. ${chromiumMissing}`);
  return chromiumMissing;
}

async function missingPackages(): Promise<string[]> {
  const found = await Promise.allSettled([findJava(), findMaven()]);
  const packages = found.some(({ status }) => status === 'rejected') ? ['default-jre-headless', 'maven'] : [];
  if ((await findChromium()) === null) packages.push('chromium');
  return packages;
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
