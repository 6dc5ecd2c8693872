import { spawn } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** `tributary …` as a process, under the Node of the tests, without what the tests' own environment says of Kafka. */
export const startTributary = (argv: readonly string[], options: RunOptions = {}) => {
  const { KAFKA_BROKERS: _, ...inherited } = process.env;
  const child = spawn(process.execPath, [join(root, 'cli', 'main.ts'), ...argv], {
    cwd: options.cwd ?? root,
    env: { ...inherited, ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text;
  });
  const finished = new Promise<Finished>((resolve) =>
    child.once('close', (code) => resolve({ code, ...output })),
  );
  return { child, output, finished };
};

export const tributary = (argv: readonly string[], options?: RunOptions): Promise<Finished> =>
  startTributary(argv, options).finished;
