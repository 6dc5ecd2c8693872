import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { findPip, pipMissing } from '../support/pip.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { root } from './compose-file.ts';
import { deploymentTools } from './tools.ts';

const pip = await findPip();

const run = promisify(execFile);
/** As in the images, where Node is the one that Tributary needs. */
const PATH = `${dirname(process.execPath)}${delimiter}${process.env.PATH}`;

/** Instructions with their arguments, lines that go on joined. */
let instructions: readonly (readonly [name: string, text: string])[];

beforeAll(async () => {
  const text = await readFile(join(root, 'Dockerfile'), 'utf8');
  instructions = text
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)] as const);
});

const all = (name: string): string[] =>
  instructions.filter(([each]) => each === name).map(([, text]) => text);

describe('hadolint', () => {
  beforeEach(({ skip }) => skip(pip === null, pipMissing));

  const complaints = async (path: string): Promise<unknown> => {
    const { hadolint } = await deploymentTools();
    const { stdout } = await run(hadolint, ['--no-fail', '--format', 'json', path]);
    return JSON.parse(stdout);
  };

  test('has nothing to say', async () => {
    expect(await complaints(join(root, 'Dockerfile'))).toEqual([]);
  });

  test('would name what is wrong', async () => {
    const path = join(await scratchDirectory(), 'Dockerfile');
    await writeFile(path, 'FROM node\nUSER root\n');
    const codes = (await complaints(path)) as readonly { readonly code: string }[];
    expect(codes.map(({ code }) => code)).toEqual(expect.arrayContaining(['DL3006', 'DL3002']));
  });
});

test('every image begins with the Node of the lockfile, slim', async () => {
  const { version } = JSON.parse(await readFile(join(root, 'local/node/package.json'), 'utf8')) as {
    readonly version: string;
  };
  const outside = all('FROM').filter((text) => text.includes(':'));
  expect(outside.map((text) => text.split(' ')[0])).toEqual(outside.map(() => `node:${version}-slim`));
});

test('what it copies is there, and not kept out of the build', async () => {
  const ignored = await readFile(join(root, '.dockerignore'), 'utf8');
  const kept = new Set(ignored.split('\n').flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : [])));
  const sources = all('COPY')
    .filter((text) => !text.includes('--from='))
    .flatMap((text) =>
      text
        .split(' ')
        .filter((word) => !word.startsWith('--'))
        .slice(0, -1),
    )
    .filter((source) => source !== '.');
  expect(sources).toContain('package-lock.json');
  for (const source of [...sources, ...kept]) expect(existsSync(join(root, source)), source).toBe(true);
  for (const source of sources) expect([...kept], source).toContain(source.split('/')[0]);
});

test('what the sources in the reference image import lies in it too', async () => {
  const folders = all('COPY')
    .map((text) => text.split(' '))
    .filter(([source, target]) => target === `${source}/`)
    .map(([source = '']) => source);
  expect(folders).toContain('cli');
  const away = new Set<string>();
  for (const folder of folders) {
    for (const file of globSync(`${folder}/**/*.{ts,js}`, { cwd: root })) {
      const text = await readFile(join(root, file), 'utf8');
      for (const [, target = ''] of text.matchAll(/\b(?:from|import)\s*\(?['"](\.\.?\/[^'"]+)['"]/g)) {
        const [imported = ''] = join(dirname(file), target).split('/');
        if (!folders.includes(imported)) away.add(`${file} imports from ${imported}`);
      }
    }
  }
  expect([...away]).toEqual([]);
});

test('what the build of the package compiles is not kept out of it', async () => {
  const { include } = JSON.parse(await readFile(join(root, 'build', 'tsconfig.json'), 'utf8')) as {
    readonly include: readonly string[];
  };
  const kept = (await readFile(join(root, '.dockerignore'), 'utf8')).split('\n');
  for (const each of include) expect(kept).toContain(`!${each.split('/')[1]}`);
});

test('both images run as a user that is not root, and need no rights', () => {
  expect(all('USER')).toEqual(['1000', '1000']);
  expect(instructions.at(-1)).toEqual(['USER', '1000']);
  expect(all('STOPSIGNAL')).toEqual(['SIGTERM']);
});

test('the entrypoint is the command: the process that it starts is Node itself, which gets the signals', async () => {
  expect(all('ENTRYPOINT')).toEqual(['["tributary"]']);
  const program = join(root, 'deploy', 'tributary');
  const environment = { ...process.env, PATH, TRIBUTARY_MAIN: join(root, 'cli', 'main.ts') };
  const { stdout } = await run(program, ['--version'], { env: environment });
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);

  const waiting = join(await scratchDirectory(), 'waiting.ts');
  await writeFile(
    waiting,
    "process.on('SIGTERM', () => process.exit(7)); setInterval(() => {}, 1e6); console.log(process.pid);\n",
  );
  const child = spawn(program, [], { env: { ...environment, TRIBUTARY_MAIN: waiting } });
  const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
  expect(Number(line)).toBe(child.pid);
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([7, null]);
});

test('the entrypoint silences the same notes as the launcher', async () => {
  const flags = async (path: string) =>
    (await readFile(join(root, path), 'utf8')).match(/--disable-warning=\w+/g);
  expect(await flags('deploy/tributary')).toEqual(await flags('local/node24.mjs'));
});

test('the health check tells ready from not ready, and from nobody there', async () => {
  const [check = ''] = all('HEALTHCHECK');
  const [program, ...parameters] = JSON.parse(check.slice(check.indexOf('['))) as [string, ...string[]];
  let ready = true;
  const server = createServer(({ url }, response) => {
    response.writeHead(ready && url === '/health/ready' ? 200 : 503).end();
  });
  onTestFinished(() => void server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const asked = parameters.map((text) => text.replace(':4000/', `:${port}/`));
  const codeOf = () =>
    run(program, asked, { env: { ...process.env, PATH } }).then(
      () => 0,
      ({ code }) => code,
    );
  expect(await codeOf()).toBe(0);
  ready = false;
  expect(await codeOf()).toBe(1);
  server.close();
  expect(await codeOf()).toBe(1);
});
