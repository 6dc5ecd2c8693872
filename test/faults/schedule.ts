import { appendFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { FaultLine } from './checker/format.ts';
import type { Fault } from './faults.ts';
import type { Random } from './random.ts';

export interface ScheduleOptions {
  readonly faults: readonly Fault[];
  readonly random: Random;
  /** faults.jsonl */
  readonly log: string;
  /** Milliseconds between the begins of two faults, drawn from this range. */
  readonly every: readonly [number, number];
  /** When the run began, for what is printed. */
  readonly since: number;
}

/**
 * Breaks one thing after the other by the seed: each kind once before any comes again. A fault begins while others may
 * still last, unless they hold what it would break; then another takes its turn.
 */
export class Schedule {
  readonly #options: ScheduleOptions;
  readonly #held = new Set<string>();
  readonly #underWay = new Set<Promise<void>>();
  #deck: Fault[] = [];
  #failure: unknown = null;
  begun = 0;

  constructor(options: ScheduleOptions) {
    this.#options = options;
  }

  /** Begins faults until `ms` have passed or, with `once`, until each kind had its turn; then waits until all are over. Rejects when something does not stand again. */
  async run(ms: number, once: boolean, signal: AbortSignal): Promise<void> {
    const { faults, every, random } = this.#options;
    const until = Date.now() + ms;
    const total = once ? faults.length : Number.POSITIVE_INFINITY;
    while (Date.now() < until && this.begun < total) {
      const fault = this.#next();
      if (fault !== null) this.#begin(fault, signal);
      await pause(fault === null ? 250 : random.between(...every), undefined, { signal });
      if (this.#failure !== null) throw this.#failure;
    }
    await Promise.all(this.#underWay);
    if (this.#failure !== null) throw this.#failure;
  }

  #next(): Fault | null {
    const { faults, random } = this.#options;
    if (this.#deck.length === 0) this.#deck = random.shuffled(faults);
    const index = this.#deck.findIndex(({ breaks }) => breaks.every((thing) => !this.#held.has(thing)));
    return index === -1 ? null : (this.#deck.splice(index, 1)[0] ?? null);
  }

  #begin(fault: Fault, signal: AbortSignal): void {
    this.begun += 1;
    for (const thing of fault.breaks) this.#held.add(thing);
    const carriedOut = this.#carryOut(fault, signal)
      .catch((error: unknown) => {
        this.#failure ??= error;
      })
      .finally(() => {
        for (const thing of fault.breaks) this.#held.delete(thing);
        this.#underWay.delete(carriedOut);
      });
    this.#underWay.add(carriedOut);
  }

  async #carryOut(fault: Fault, signal: AbortSignal): Promise<void> {
    const at = Date.now();
    const target = await fault.carryOut((text) => this.#print(at, fault.name, text), signal);
    const until = Date.now();
    this.#print(at, fault.name, `${target}: over after ${((until - at) / 1000).toFixed(1)} s`);
    const line: FaultLine = { fault: fault.name, target, at, until };
    await appendFile(this.#options.log, `${JSON.stringify(line)}\n`);
  }

  #print(at: number, name: string, text: string): void {
    const seconds = ((at - this.#options.since) / 1000).toFixed(1).padStart(6);
    console.log(`${seconds} s  ${name.padEnd(22)} ${text}`);
  }
}
