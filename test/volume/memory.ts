import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Resident memory of a process now, in megabytes. */
export const residentMegabytes = (pid: number): number => {
  if (process.platform !== 'linux') {
    return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1024;
  }
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes ?? 0) / 1024;
};

/** The highest of what was sampled four times a second. */
export class Peak {
  readonly #read: () => number;
  readonly #timer: NodeJS.Timeout;
  readonly base: number;
  #peak: number;

  constructor(read: () => number) {
    this.#read = read;
    this.base = read();
    this.#peak = this.base;
    this.#timer = setInterval(() => this.#sample(), 250);
  }

  /** Ends the sampling, and gives the peak. */
  stop(): number {
    clearInterval(this.#timer);
    this.#sample();
    return this.#peak;
  }

  #sample(): void {
    this.#peak = Math.max(this.#peak, this.#read());
  }
}
