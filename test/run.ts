/**
 * `npm test`: what the tests need, then the tests. Every argument but --install goes to vitest.
 *
 *   npm test -- test/kit        only these files
 *   npm test -- --install       as root: installs Java, Maven, Chromium, Redis and pip with apt-get when they are missing
 *
 * Without Chromium the tests of the pages do not run, without Redis those of views in it, without pip two checks of the
 * deployment's files; that is said before the run and after it. All others do.
 *
 * The last line is `N passed, N failed`; the exit code is 0 only when nothing failed.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureLibraries } from '../local/kafka/index.ts';
import { deploymentTools } from './deploy/tools.ts';
import { packageDependencies } from './package/dependencies.ts';
import { fastStarts } from './support/fast-starts.ts';
import { findPip } from './support/pip.ts';
import { sweepBrokerDirectories } from './support/run-directory.ts';
import type { Summary } from './support/summary-reporter.ts';
import { requireTools } from './support/tools.ts';

const root = join(import.meta.dirname, '..');
const parameters = process.argv.slice(2);
const isRoot = process.getuid?.() === 0;

try {
  const missing = await requireTools(
    isRoot && (process.env.CI === 'true' || parameters.includes('--install')),
  );
  for (const tests of missing) console.log(`NOT RUN: ${tests}`);
  // Whatever comes from a registry comes before the tests.
  const python = await findPip();
  const folder = await mkdtemp(join(tmpdir(), 'tributary-run-'));
  const [environment] = await Promise.all([
    ensureLibraries({ onProgress: (line) => console.log(line) }).then(() => fastStarts()),
    packageDependencies(),
    python === null ? null : deploymentTools(),
  ]);
  const selection = parameters.filter((parameter) => parameter !== '--install');
  process.exitCode = await runVitest(selection, folder, environment);
  await rm(folder, { recursive: true, force: true });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
}

async function runVitest(
  selection: readonly string[],
  folder: string,
  environment: Readonly<Record<string, string>>,
): Promise<number> {
  const file = join(folder, 'summary.json');
  const reporters = ['--reporter=default', '--reporter=./test/support/summary-reporter.ts'];
  const child = spawn(
    process.execPath,
    [...process.execArgv, join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...reporters, ...selection],
    {
      cwd: root,
      env: { ...process.env, ...environment, TRIBUTARY_TEST_SUMMARY: file },
      stdio: 'inherit',
    },
  );
  // The terminal sends Ctrl-C to vitest too, which then leaves its broker behind: stay, sweep, print the counts.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  const [code] = (await once(child, 'exit')) as [number | null];
  await sweepBrokerDirectories();
  const { passed, failed, skipped } = await readSummary(file);
  const explained = skipped.filter(({ reason }) => reason !== null);
  for (const [reason, tests] of Map.groupBy(explained, (each) => each.reason)) {
    console.log(
      `NOT RUN: ${tests.length} tests. ${reason} They are: ${tests.map(({ test }) => test).join('; ')}.`,
    );
  }
  if (skipped.length > 0) console.log(`${skipped.length} skipped`);
  console.log(`${passed} passed, ${failed} failed`);
  return code ?? 1;
}

/** Without a summary vitest did not come to its end. */
async function readSummary(file: string): Promise<Summary> {
  const text = await readFile(file, 'utf8').catch(() => null);
  return text === null ? { passed: 0, failed: 1, skipped: [] } : (JSON.parse(text) as Summary);
}
