import { spawn } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Signal } from '../gateway/support/signal.ts';

/** A process that runs lines of the guide. */
export interface Snippet {
  /** What it has printed. */
  readonly lines: readonly string[];
  /** Resolves when it has printed so many. */
  until(count: number): Promise<void>;
  stop(): Promise<void>;
}

/** Runs lines of the guide as a client's own file beside the packages would be. */
export const startSnippet = async (name: string, script: string, url: string): Promise<Snippet> => {
  const file = join('test/output', `client-${name}-${process.pid}.mjs`);
  await mkdir('test/output', { recursive: true });
  // By its name it would be what was last built; test/package takes it so from the tarball.
  const text = script
    .replaceAll('127.0.0.1:4000', new URL(url).host)
    .replace("'tributary-graph/client'", "'../../client/index.ts'");
  await writeFile(file, text);
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: string[] = [];
  const changed = new Signal();
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    changed.fire();
  });
  return {
    lines,
    until: (count: number) => changed.until(() => lines.length >= count),
    stop: (): Promise<void> => {
      child.kill();
      return rm(file);
    },
  };
};
