import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { endAbandoned, startBroker } from '../../local/kafka/index.ts';

declare module 'vitest' {
  interface ProvidedContext {
    readonly kafkaBrokers: string;
  }
}

const folder = join(import.meta.dirname, '..', '..', '.tributary', 'test');

/**
 * One real broker for the whole run, in a directory that begins empty and is removed afterwards. With
 * TRIBUTARY_TEST_BROKERS set that cluster is used instead, so that several runs can share one.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.TRIBUTARY_TEST_BROKERS;
  if (given !== undefined && given !== '') {
    project.provide('kafkaBrokers', given);
    return async () => undefined;
  }
  await mkdir(folder, { recursive: true });
  await sweep();
  const directory = join(folder, `run-${process.pid}`);
  const broker = await startBroker({ directory, onProgress: (line) => console.log(line) });
  project.provide('kafkaBrokers', broker.brokers);
  return async () => {
    await broker.kill();
    await rm(directory, { recursive: true, force: true });
  };
}

/** Brokers and directories of runs that were killed. */
async function sweep(): Promise<void> {
  for (const name of await readdir(folder)) {
    const run = Number(/^run-(\d+)$/.exec(name)?.[1]);
    const directory = join(folder, name);
    if (isRunning(run) || !(await endAbandoned(directory))) continue;
    await rm(directory, { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    return Number.isInteger(pid) && process.kill(pid, 0);
  } catch {
    return false;
  }
}
