import { rm } from 'node:fs/promises';
import type { TestProject } from 'vitest/node';
import { startBroker } from '../../local/kafka/index.ts';
import { brokerDirectory, sweepBrokerDirectories } from './run-directory.ts';

declare module 'vitest' {
  interface ProvidedContext {
    readonly kafkaBrokers: string;
  }
}

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
  await sweepBrokerDirectories();
  const directory = await brokerDirectory();
  const broker = await startBroker({ directory, onProgress: (line) => console.log(line) });
  project.provide('kafkaBrokers', broker.brokers);
  return async () => {
    await broker.kill();
    await rm(directory, { recursive: true, force: true });
  };
}
