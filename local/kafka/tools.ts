import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LocalError } from '../error.ts';

const run = promisify(execFile);
const oldestJava = 17;

/** Path of a Java that runs Kafka: JAVA_HOME first, then PATH. Throws JAVA_MISSING or JAVA_TOO_OLD. */
export async function findJava(environment: NodeJS.ProcessEnv = process.env): Promise<string> {
  const home = environment.JAVA_HOME;
  const java = home === undefined || home === '' ? 'java' : join(home, 'bin', 'java');
  const output = await versionOf(java, ['-version'], environment);
  const version = output === null ? null : /version "(\d+)(?:\.(\d+))?[^"]*"/.exec(output);
  if (version === null) {
    throw new LocalError(
      'JAVA_MISSING',
      `The local Kafka broker needs Java ${oldestJava} or later, and "${java}" does not run. ${javaCure()}`,
    );
  }
  // Up to Java 8 the version was 1.8.
  const major = Number(version[1] === '1' ? version[2] : version[1]);
  if (major < oldestJava) {
    throw new LocalError(
      'JAVA_TOO_OLD',
      `The local Kafka broker needs Java ${oldestJava} or later, and "${java}" is Java ${major}. ${javaCure()}`,
    );
  }
  return java;
}

/** Path of Maven, which fetches the broker's jars. Throws MAVEN_MISSING. */
export async function findMaven(environment: NodeJS.ProcessEnv = process.env): Promise<string> {
  if ((await versionOf('mvn', ['--version'], environment)) !== null) return 'mvn';
  throw new LocalError(
    'MAVEN_MISSING',
    `Maven fetches the local Kafka broker, and "mvn" does not run. ${cure('apt-get install maven', 'brew install maven')}`,
  );
}

async function versionOf(
  program: string,
  parameters: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<string | null> {
  try {
    const { stdout, stderr } = await run(program, parameters, { env: environment, timeout: 30_000 });
    return stdout + stderr;
  } catch {
    return null;
  }
}

const javaCure = (): string => cure('apt-get install openjdk-17-jre-headless', 'brew install openjdk@17');

function cure(debian: string, mac: string): string {
  const install = process.platform === 'darwin' ? mac : debian;
  return `Install it (${install}), or set KAFKA_BROKERS to a cluster that runs.`;
}
