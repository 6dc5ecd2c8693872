import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { untilReady } from '../../local/supervisor/index.ts';
import { packageDependencies } from './dependencies.ts';

const root = join(import.meta.dirname, '..', '..');
const run = promisify(execFile);

/** What `npm pack --json` tells of the tarball. */
export interface Packed {
  readonly filename: string;
  readonly version: string;
  /** Of the tarball, bytes. */
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
}

/** A folder of somebody else's, outside of the repository, with the packed package installed. */
export interface Installation {
  readonly folder: string;
  readonly packed: Packed;
  /** Resolves with stdout; rejects when the program fails. */
  run(program: string, ...parameters: readonly string[]): Promise<string>;
  /** `tributary …`, which serves. Resolves when `url` is ready. */
  serve(url: string, ...parameters: readonly string[]): Promise<Served>;
  remove(): Promise<void>;
}

export interface Served {
  /** Sends SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
}

/** Packs the working tree and installs the tarball as a user would, its dependencies from the cache alone. */
export const installPackage = async (
  environment: Readonly<Record<string, string>>,
): Promise<Installation> => {
  const folder = await mkdtemp(join(tmpdir(), 'tributary-package-'));
  // The Node of the tests first: the machine's own may be older than what the package needs.
  const PATH = `${dirname(process.execPath)}${delimiter}${process.env.PATH}`;
  // A copy: npm keeps there what it installs, the tarball too.
  const npm_config_cache = await mkdtemp(join(tmpdir(), 'tributary-npm-cache-'));
  const env = { ...process.env, ...environment, PATH, npm_config_cache, npm_config_offline: 'true' };
  const remove = async () => {
    for (const each of [folder, npm_config_cache]) await rm(each, { recursive: true, force: true });
  };
  try {
    await cp(await packageDependencies(), npm_config_cache, { recursive: true });
    const packed = await pack(folder, env);
    await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
    await run('npm', ['install', ...quietly, join(folder, packed.filename)], { cwd: folder, env });
    return {
      folder,
      packed,
      run: async (program, ...parameters) => (await run(program, parameters, { cwd: folder, env })).stdout,
      serve: (url, ...parameters) => serve(url, parameters, { cwd: folder, env }),
      remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
};

/** Dependencies need no install script. */
const quietly = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];

/** `prepack` prints what it does before npm prints its JSON. */
const pack = async (destination: string, env: NodeJS.ProcessEnv): Promise<Packed> => {
  const options = { cwd: root, env, maxBuffer: 16 * 1024 * 1024 };
  const packing = run('npm', ['pack', '--json', '--pack-destination', destination], options);
  const { stdout } = await packing.catch((error: Error & { readonly stdout: string }) => {
    // What the compiler refuses it says on stdout.
    throw new Error(`${error.stdout}\n${error.message}`, { cause: error });
  });
  const [packed] = JSON.parse(stdout.slice(stdout.search(/^\[$/m))) as Packed[];
  if (packed === undefined) throw new Error(`npm pack told of no package: ${stdout}`);
  return packed;
};

const serve = async (
  url: string,
  parameters: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<Served> => {
  const child = spawn(join(options.cwd, 'node_modules', '.bin', 'tributary'), parameters, {
    ...options,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  const died = exited.then((code) => {
    throw new Error(`tributary ${parameters.join(' ')} ended with ${code}:\n${output}`);
  });
  const waiting = new AbortController();
  const deadline = AbortSignal.any([waiting.signal, AbortSignal.timeout(40_000)]);
  try {
    await Promise.race([untilReady(url, { signal: deadline }), died]);
  } catch (error) {
    child.kill('SIGTERM');
    throw error;
  } finally {
    waiting.abort();
    died.catch(() => undefined);
  }
  return {
    stop: () => {
      child.kill('SIGTERM');
      return exited;
    },
  };
};
