import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';

/** kafkajs arms a timer with a negative delay, and node:sqlite says that it is new: neither is ours to cure. */
const execArgv = ['--disable-warning=TimeoutNegativeWarning', '--disable-warning=ExperimentalWarning'];

/**
 * Vite would take graphql's ES modules, while Apollo's packages take its CommonJS ones: two copies, whose schemas refuse
 * each other. Node itself gives everyone the same, so tests do as Node does.
 */
const resolve = {
  alias: [{ find: /^graphql$/, replacement: fileURLToPath(import.meta.resolve('graphql')) }],
};

/** What starts brokers, a Redis or other processes, or looks at the memory and sockets of its own, of the folders below. */
const apart = [
  'gateway/subscriptions/leaks',
  'kit/kafka/broker-restart',
  'kit/kafka/leader-change',
  'kit/subgraph/many-partitions',
  'kit/subgraph/redis*',
  'kit/subgraph/retry-after-kill',
  'kit/subgraph/storm-of-snapshots',
  'kit/subgraph/truncation',
].map((file) => `test/${file}.test.ts`);

/**
 * The others start no process, judge none as a whole, and leave nothing behind that others see: one process takes many, which
 * reads and compiles the code once. That saves a third of their CPU (0.7 s a file).
 */
const together = globSync(
  [
    'schema',
    'rules',
    'client',
    'faults/checker',
    'gateway',
    'kit/decode',
    'kit/graphql',
    'kit/kafka',
    'kit/server',
    'kit/subgraph',
    'kit/subscriptions',
    'kit/write',
  ].map((folder) => `test/${folder}/**/*.test.ts`),
  { cwd: import.meta.dirname, exclude: apart },
);

export default defineConfig({
  test: {
    // One broker for the whole run. Most tests wait for processes and clocks more than they compute: three keep two cores busy.
    globalSetup: ['test/support/global-setup.ts'],
    sequence: { sequencer: LongestFirst },
    maxWorkers: 3,
    projects: [
      {
        resolve,
        test: {
          name: 'parts',
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**', 'test/faults/faults.test.ts', 'test/volume/**', ...together],
          testTimeout: 60_000,
          // Its own default is a second, which a loaded machine needs for less.
          expect: { poll: { timeout: 30_000 } },
          hookTimeout: 60_000,
          maxWorkers: 3,
          execArgv,
          sequence: { groupOrder: 0 },
        },
      },
      {
        resolve,
        test: {
          name: 'together',
          include: together,
          isolate: false,
          testTimeout: 60_000,
          expect: { poll: { timeout: 30_000 } },
          maxWorkers: 3,
          execArgv,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Whole systems on real ports, with kill -9 and browsers: one of them keeps about a core busy.
        resolve,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts', 'test/faults/faults.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          maxWorkers: 3,
          execArgv,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // What judges delays and memory: it has the machine for itself.
        resolve,
        test: {
          name: 'alone',
          include: ['test/volume/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          maxWorkers: 1,
          execArgv,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
