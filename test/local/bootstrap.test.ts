import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, test } from 'vitest';
import { programs, scratchDirectory } from '../support/scratch.ts';

const root = join(import.meta.dirname, '..', '..');
/** The machine's own Node, not the one that runs the tests. */
const node = ['/usr/bin/env', 'node', join(root, 'local', 'bootstrap.mjs')] as const;
const script = 'test/local/fixture-script.ts';

describe('a script under Node 24', () => {
  test('gets its arguments as they are, whatever Node and directory it was started from', async () => {
    const { stdout, code } = await run([...node, script, '--flag', 'two words'], { cwd: '/' });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      version: expect.stringMatching(/^24\./),
      parameters: ['--flag', 'two words'],
      compiled: expect.any(String),
    });
  });

  test('keeps what Node compiles in the repository’s folder, unless somebody said where', async () => {
    const { NODE_COMPILE_CACHE: _, ...env } = process.env;
    const told = async (more: NodeJS.ProcessEnv): Promise<unknown> =>
      JSON.parse((await run([...node, script], { env: { ...env, ...more } })).stdout).compiled;
    expect(await told({})).toBe(join(root, '.tributary', 'tools', 'compiled'));
    const elsewhere = await scratchDirectory();
    expect(await told({ NODE_COMPILE_CACHE: elsewhere })).toBe(elsewhere);
  });

  test('passes on its exit code and the signal that killed it', async () => {
    expect((await run([...node, script, 'exit', '3'])).code).toBe(3);
    expect((await run([...node, script, 'die'])).signal).toBe('SIGKILL');
  });

  test('gets each signal once, and decides itself when to end', async () => {
    const [program, ...parameters] = [...node, script, 'wait'];
    const child = spawn(program, parameters, { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    await lines.next();
    child.kill('SIGINT');
    expect((await lines.next()).value).toBe('SIGINT');
    child.kill('SIGHUP');
    expect((await lines.next()).value).toBe('SIGINT SIGHUP');
    child.kill('SIGTERM');
    expect((await lines.next()).value).toBe('SIGINT SIGHUP SIGTERM');
    expect(await once(child, 'exit')).toEqual([7, null]);
  });

  test('is told to end when npm was, whose shell dies without a word', async () => {
    // Not the last command, so that the shell stays above it.
    const shell = spawn('/bin/sh', ['-c', `${[...node, script, 'wait'].join(' ')}; true`], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, npm_lifecycle_event: 'start' },
    });
    const lines = createInterface(shell.stdout)[Symbol.asyncIterator]();
    await lines.next();
    shell.kill('SIGTERM');
    expect((await lines.next()).value).toBe('SIGTERM');
    expect((await lines.next()).done).toBe(true);
  });

  test('without one, the usage', async () => {
    expect(await run([...node])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Usage: node local/bootstrap.mjs'),
    });
  });
});

describe('dependencies', () => {
  /** A package whose lockfile wants one package, and an npm that "installs" it as npm does: its own lockfile last. */
  const lockfile = { packages: { '': {}, 'node_modules/a': { version: '1.0.0', integrity: 'x' } } };
  const npm = `case "$1" in
    --version) echo 11.0.0 ;;
    *) echo "$@" >> runs; mkdir -p node_modules; cp package-lock.json node_modules/.package-lock.json ;;
  esac`;

  async function packageWith(fakeNpm: string) {
    const folder = await scratchDirectory();
    await mkdir(join(folder, 'local'));
    for (const name of ['bootstrap.mjs', 'dependencies.mjs', 'node24.mjs', 'setup-error.mjs']) {
      await cp(join(root, 'local', name), join(folder, 'local', name));
    }
    await writeFile(join(folder, 'package-lock.json'), JSON.stringify(lockfile));
    await writeFile(join(folder, 'script.mjs'), 'console.log("ran")');
    const PATH = `${await programs(folder, { npm: fakeNpm })}:${process.env.PATH}`;
    // Under this Node: the folder has no pinned one.
    const start = () =>
      run([process.execPath, join(folder, 'local', 'bootstrap.mjs'), 'script.mjs'], { env: { PATH } });
    return { folder, start };
  }

  test('are installed when they are missing, and again when the lockfile has changed, in one line', async () => {
    const { folder, start } = await packageWith(npm);
    expect(await start()).toEqual({
      code: 0,
      signal: null,
      stdout: 'ran\n',
      stderr: expect.stringMatching(/^installing dependencies \(npm ci\) … done in \d+ s\n$/),
    });
    expect(await start()).toMatchObject({ stdout: 'ran\n', stderr: '' });
    lockfile.packages['node_modules/a'].version = '1.0.1';
    await writeFile(join(folder, 'package-lock.json'), JSON.stringify(lockfile));
    expect(await start()).toMatchObject({ stdout: 'ran\n', stderr: expect.stringContaining('npm ci') });
    const once = 'ci --ignore-scripts --no-audit --no-fund --loglevel=error\n';
    expect(await readFile(join(folder, 'runs'), 'utf8')).toBe(once + once);
  });

  test('are installed once by two starts at once', async () => {
    const { folder, start } = await packageWith(`sleep 0.3; ${npm}`);
    const both = await Promise.all([start(), start()]);
    expect(both.map(({ stdout }) => stdout)).toEqual(['ran\n', 'ran\n']);
    expect((await readFile(join(folder, 'runs'), 'utf8')).split('\n')).toHaveLength(2);
  });

  test.each([
    ['code ENOTFOUND', 'The registry cannot be reached: check the network'],
    ['code ENOSPC', 'The disk is full'],
    ['code EUSAGE', 'run "npm install"'],
    ['something new', 'Put this right, then start again.'],
  ])('that cannot be installed (%s) show what npm said, and the cure', async (says, cure) => {
    const { start } = await packageWith(
      `test "$1" = --version && echo 11.0.0 && exit; echo "npm error ${says}" >&2; echo noise >&2; exit 1`,
    );
    const { code, stdout, stderr } = await start();
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`… failed\nnpm error ${says}\n`);
    expect(stderr).toContain(cure);
    expect(stderr).not.toContain('noise');
    expect(stderr).not.toContain('    at ');
  });

  test('need an npm, and one that reads this lockfile', async () => {
    const old = await (await packageWith('echo 6.14.18')).start();
    expect(old).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('npm 6.14.18 is too old: 7 or later'),
    });
  });
});

interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(
  [program = '', ...parameters]: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Ending> {
  return new Promise((resolve) => {
    const child = execFile(program, parameters, options, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode, signal: child.signalCode, stdout, stderr });
    });
  });
}
