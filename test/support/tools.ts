import { spawnSync } from 'node:child_process';
import { findJava, findMaven } from '../../local/kafka/index.ts';
import { chromiumMissing, findChromium } from './chromium.ts';
import { findPip, pipMissing } from './pip.ts';
import { findRedis, redisMissing } from './redis-server.ts';

/** A program that some tests go without, and the package that has it. */
interface Optional {
  readonly tests: string;
  readonly aptPackage: string;
  /** What is missing, and the cure. */
  readonly notice: string;
  find(): Promise<string | null>;
}

const optional: readonly Optional[] = [
  {
    tests: 'the tests of the page, test/e2e/page.test.ts',
    aptPackage: 'chromium',
    notice: chromiumMissing,
    find: findChromium,
  },
  {
    tests: 'the tests of views in Redis, test/kit/view/redis, test/kit/subgraph/redis, and the fault run',
    aptPackage: 'redis-server',
    notice: redisMissing,
    find: findRedis,
  },
  {
    tests: 'the linter of Dockerfiles and the schema of Compose files, in test/deploy',
    aptPackage: 'python3-pip',
    notice: pipMissing,
    find: findPip,
  },
];

/**
 * Installs what is missing where that is allowed. Throws a message with the cure for a tool that nothing runs without;
 * resolves with what is not run, and why, for those that some tests go without.
 */
export async function requireTools(mayInstall: boolean): Promise<readonly string[]> {
  if (mayInstall) {
    const packages = await missingPackages();
    if (packages.length > 0) install(packages);
  }
  await findJava();
  await findMaven();
  const missing = await missingOptional();
  const [first] = missing;
  // Where it may be installed, nobody looks at a notice.
  if (mayInstall && first !== undefined) {
    throw new Error(`The package ${first.aptPackage} was installed, and does not run. ${first.notice}`);
  }
  return missing.map(({ tests, notice }) => `${tests}. ${notice}`);
}

async function missingPackages(): Promise<string[]> {
  const found = await Promise.allSettled([findJava(), findMaven()]);
  const packages = found.some(({ status }) => status === 'rejected') ? ['default-jre-headless', 'maven'] : [];
  return [...packages, ...(await missingOptional()).map(({ aptPackage }) => aptPackage)];
}

async function missingOptional(): Promise<Optional[]> {
  const found = await Promise.all(optional.map(({ find }) => find()));
  return optional.filter((_, index) => found[index] === null);
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
