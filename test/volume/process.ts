import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { residentMegabytes } from './memory.ts';

const root = join(import.meta.dirname, '..', '..');
/** What cli/tributary.mjs starts: the launcher itself would hide the process whose memory counts. */
const command = ['--disable-warning=ExperimentalWarning', '--disable-warning=TimeoutNegativeWarning'].concat(
  join(root, 'cli/main.ts'),
);

/** A process of the command line, as in production. Its lines are JSON. */
export class ServedProcess {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #watching = new Set<() => void>();
  #ended = false;

  constructor(parameters: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    const { KAFKA_BROKERS: _own, TRIBUTARY_REDIS_URL: _other, ...inherited } = process.env;
    this.#child = spawn(process.execPath, [...command, ...parameters], {
      cwd: root,
      env: { ...inherited, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const output of [this.#child.stdout, this.#child.stderr]) {
      if (output === null) continue;
      createInterface({ input: output }).on('line', (line) => {
        this.#lines.push(line);
        this.#look();
      });
    }
    this.#child.once('exit', () => {
      this.#ended = true;
      this.#look();
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get rss(): number {
    return residentMegabytes(this.pid);
  }

  /** Resolves with the first line that holds `text`. Rejects, with all that was said, when the process ends before. */
  async said(text: string): Promise<string> {
    for (;;) {
      const line = this.#lines.find((each) => each.includes(text));
      if (line !== undefined) return line;
      if (this.#ended) throw new Error(`ended before it said "${text}":\n${this.#lines.join('\n')}`);
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#watching.add(resolve);
      await promise;
    }
  }

  /** Lines that are no information: warnings and errors. */
  get complaints(): readonly string[] {
    return this.#lines.filter((line) => !line.startsWith('{"level":30'));
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.#ended) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill(signal);
    await ended;
  }

  #look(): void {
    for (const wake of this.#watching) wake();
    this.#watching.clear();
  }
}
