import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { diskFullIn, requireSpace } from '../disk.ts';
import { LocalError } from '../error.ts';
import { isInstalledPackage } from '../form.ts';
import { withLock } from '../lock.ts';
import { findJava, findMaven } from './tools.ts';

const projectFile = join(import.meta.dirname, 'pom.xml');
const marker = 'complete';

/** Where the jars live unless told otherwise: they belong to a version of Kafka, not to a cluster's data. */
export const defaultLibraries = isInstalledPackage
  ? join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'tributary', 'kafka')
  : join(import.meta.dirname, '..', '..', '.tributary', 'kafka');

export interface LibraryOptions {
  /** Folder for the jars of all versions. Default: `.tributary/kafka` in the repository, else in the user's cache. */
  readonly libraries?: string | undefined;
  readonly environment?: NodeJS.ProcessEnv | undefined;
  readonly onProgress?: ((line: string) => void) | undefined;
  /** Aborting ends Maven and rejects. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The folder with the broker's jars, fetched by Maven when it is not there yet (43 MB, about 8 s). Safe to call from
 * several processes at once; an interrupted fetch is done again. Throws LocalError.
 */
export async function ensureLibraries(options: LibraryOptions = {}): Promise<string> {
  const root = options.libraries ?? defaultLibraries;
  const project = await readFile(projectFile, 'utf8');
  const version = kafkaVersion(project);
  const folder = join(root, `libs-${version}`);
  const fingerprint = createHash('sha256').update(project).digest('hex');
  if (await isComplete(folder, fingerprint)) return folder;
  await mkdir(root, { recursive: true });
  await withLock(
    `${folder}.lock`,
    async () => {
      if (!(await isComplete(folder, fingerprint))) await fetchInto(folder, fingerprint, version, options);
    },
    () => options.onProgress?.(`waiting for another process that fetches Kafka ${version}`),
  );
  return folder;
}

function kafkaVersion(project: string): string {
  const version = /<artifactId>kafka_2\.13<\/artifactId>\s*<version>([^<]+)<\/version>/.exec(project)?.[1];
  if (version === undefined) throw new Error(`${projectFile} names no version of kafka_2.13`);
  return version;
}

/** The marker is written last and names the pom that the jars came from: a new pom makes them stale. */
async function isComplete(folder: string, fingerprint: string): Promise<boolean> {
  const text = await readFile(join(folder, marker), 'utf8').catch(() => null);
  return text === fingerprint;
}

async function fetchInto(
  folder: string,
  fingerprint: string,
  version: string,
  options: LibraryOptions,
): Promise<void> {
  const environment = options.environment ?? process.env;
  await findJava(environment);
  const maven = await findMaven(environment);
  await requireSpace(join(folder, '..'));
  options.onProgress?.(`fetching Kafka ${version} with Maven (43 MB, once)`);
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial);
  await runMaven(maven, partial, version, options);
  await writeFile(join(partial, marker), fingerprint);
  await rm(folder, { recursive: true, force: true });
  await rename(partial, folder);
  options.onProgress?.(`Kafka ${version} fetched: ${await megabytes(folder)} MB`);
}

async function runMaven(
  maven: string,
  output: string,
  version: string,
  { environment, signal }: LibraryOptions,
): Promise<void> {
  const goal = ['-q', '-B', '-ntp', '-f', projectFile, 'dependency:copy-dependencies'];
  const child = spawn(maven, [...goal, '-DincludeScope=runtime', `-DoutputDirectory=${output}`], {
    env: environment ?? process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(signal === undefined ? {} : { signal }),
  });
  // Maven is quiet unless something fails; the first lines name the reason.
  let text = '';
  const keep = (chunk: Buffer): void => {
    if (text.length < 16_384) text += chunk.toString('utf8');
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code === 0) return;
  const full = diskFullIn(text, output);
  if (full !== null) throw full;
  const reason = text.split('\n').find((line) => line.includes('[ERROR]')) ?? `mvn ended with ${code}`;
  throw new LocalError(
    'DOWNLOAD_FAILED',
    `Maven could not fetch Kafka ${version}: ${reason.replace(/^.*\[ERROR\]\s*/, '').trim()}\n` +
      'Check the network, and proxy and mirror in ~/.m2/settings.xml, then start again; ' +
      'or set KAFKA_BROKERS to a cluster that runs.',
  );
}

async function megabytes(folder: string): Promise<number> {
  const sizes = (await readdir(folder)).map(async (name) => (await stat(join(folder, name))).size);
  return Math.round((await Promise.all(sizes)).reduce((sum, size) => sum + size, 0) / 1024 / 1024);
}
