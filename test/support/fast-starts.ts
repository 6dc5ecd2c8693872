import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ensureLibraries, findJava, startBroker } from '../../local/kafka/index.ts';
import { fetchedOnce } from './fetched.ts';
import { brokerDirectory } from './run-directory.ts';

const run = promisify(execFile);
const tools = join(import.meta.dirname, '..', '..', '.tributary', 'tools');

/**
 * Environment in which the brokers of a run start with half of the work: Java takes their classes from an archive, 1.6
 * seconds of CPU until one answers, not 2.9. What Node compiles is kept by local/bootstrap.mjs.
 */
export async function fastStarts(): Promise<Readonly<Record<string, string>>> {
  const archive = await classArchive().catch((error: unknown) => {
    console.log(`brokers start without an archive of classes: ${String(error)}`);
    return null;
  });
  if (archive === null) return {};
  return { JDK_JAVA_OPTIONS: javaOptions(`-XX:SharedArchiveFile=${archive}`) };
}

/** Made once for a Java and the jars (10 s), by a broker that starts and stops. Java refuses one that does not fit. */
async function classArchive(): Promise<string> {
  const [java, libraries] = [await findJava(), await ensureLibraries()];
  const { stderr: version } = await run(java, ['-version']);
  const { mtimeMs } = await stat(join(libraries, 'complete'));
  const key = createHash('sha256').update(JSON.stringify([version, libraries, mtimeMs]));
  const target = join(tools, `kafka-classes-${key.digest('hex').slice(0, 16)}`);
  const folder = await fetchedOnce(target, async (partial) => {
    console.log('archiving the classes of Kafka (10 s, once)');
    const directory = await brokerDirectory();
    const before = process.env.JDK_JAVA_OPTIONS;
    // The broker inherits it. Java writes the archive when it ends by itself.
    process.env.JDK_JAVA_OPTIONS = javaOptions(`-XX:ArchiveClassesAtExit=${join(partial, file)}`);
    try {
      const broker = await startBroker({ directory });
      await broker.stop();
      await stat(join(partial, file));
    } finally {
      if (before === undefined) delete process.env.JDK_JAVA_OPTIONS;
      else process.env.JDK_JAVA_OPTIONS = before;
      await rm(directory, { recursive: true, force: true });
    }
  });
  return join(folder, file);
}

const file = 'classes.jsa';

const javaOptions = (option: string): string => `${process.env.JDK_JAVA_OPTIONS ?? ''} ${option}`.trim();
