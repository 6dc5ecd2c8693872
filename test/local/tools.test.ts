import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { requireSpace } from '../../local/disk.ts';
import { ensureLibraries, findJava, findMaven } from '../../local/kafka/index.ts';
import { programs, scratchDirectory } from '../support/scratch.ts';

const java = (version: string): string => `echo 'openjdk version "${version}" 2025-04-15' >&2`;
/** Writes a jar where it is told to, and a line for each run. */
const maven = `case "$*" in
  --version) ;;
  *) for a in "$@"; do case "$a" in -DoutputDirectory=*) touch "\${a#*=}/kafka.jar" ;; esac; done; echo run >> "$RUNS" ;;
esac`;

describe('Java', () => {
  test('without one the message names it, and the cure', async () => {
    await expect(findJava({ PATH: '' })).rejects.toMatchObject({
      code: 'JAVA_MISSING',
      message: expect.stringMatching(
        /needs Java 17 or later, and "java" does not run\. Install it \(.+KAFKA_BROKERS/,
      ),
    });
  });

  test('an older one is named with its version', async () => {
    for (const [version, major] of [
      ['11.0.2', '11'],
      ['1.8.0_402', '8'],
    ] as const) {
      const PATH = await programs(await scratchDirectory(), { java: java(version) });
      await expect(findJava({ PATH })).rejects.toMatchObject({
        code: 'JAVA_TOO_OLD',
        message: expect.stringContaining(`"java" is Java ${major}. Install it (`),
      });
    }
  });

  test('17 and later will do, and JAVA_HOME goes before PATH', async () => {
    const home = await scratchDirectory();
    await programs(home, { java: java('25') });
    expect(await findJava({ PATH: '', JAVA_HOME: home })).toBe(join(home, 'bin', 'java'));
  });
});

test('without Maven the message names it, and the cure', async () => {
  await expect(findMaven({ PATH: '' })).rejects.toMatchObject({
    code: 'MAVEN_MISSING',
    message: expect.stringMatching(/"mvn" does not run\. Install it/),
  });
});

describe('the broker’s jars', () => {
  test('are fetched once, also by two processes at once, and again after an interrupted fetch', async () => {
    const libraries = await scratchDirectory();
    const RUNS = join(libraries, 'runs');
    const PATH = `${await programs(libraries, { java: java('17'), mvn: maven })}:${process.env.PATH}`;
    const interrupted = join(libraries, 'libs-4.4.0');
    await mkdir(interrupted);
    await writeFile(join(interrupted, 'half.jar'), '');
    const options = { libraries, environment: { PATH, RUNS } };
    const folders = await Promise.all([ensureLibraries(options), ensureLibraries(options)]);
    expect(folders).toEqual([interrupted, interrupted]);
    expect(await ensureLibraries(options)).toBe(interrupted);
    expect(await readFile(RUNS, 'utf8')).toBe('run\n');
    expect(await readdir(interrupted)).toEqual(['complete', 'kafka.jar']);
  });

  test.each([
    [
      '[ERROR] Could not transfer artifact x: unknown host',
      'DOWNLOAD_FAILED',
      /transfer artifact x: unknown host\nCheck the network/,
    ],
    ['[ERROR] x.jar: No space left on device', 'DISK_FULL', /is full: no space is left\. Free some space/],
  ])('when Maven says "%s" the code is %s', async (says, code, message) => {
    const libraries = await scratchDirectory();
    const mvn = `case "$*" in --version) ;; *) echo '${says}'; exit 1 ;; esac`;
    const PATH = await programs(libraries, { java: java('17'), mvn });
    await expect(ensureLibraries({ libraries, environment: { PATH } })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });
});

test('a disk that is too full is named with what is free', async () => {
  await expect(requireSpace('/', Number.MAX_SAFE_INTEGER)).rejects.toMatchObject({
    code: 'DISK_FULL',
    message: expect.stringMatching(
      /^The disk of \/ is full: \d+ MB are free and \d+ MB are needed\. Free some space/,
    ),
  });
});
