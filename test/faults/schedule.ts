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

interface Next {
  readonly fault: Fault;
  readonly targets: readonly string[];
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
      const next = this.#next();
      if (next !== null) this.#begin(next, signal);
      await pause(next === null ? 250 : random.between(...every), undefined, { signal });
      if (this.#failure !== null) throw this.#failure;
    }
    await Promise.all(this.#underWay);
    if (this.#failure !== null) throw this.#failure;
  }

  /** The first of the deck that finds something to break. */
  #next(): Next | null {
    const { faults, random } = this.#options;
    if (this.#deck.length === 0) this.#deck = random.shuffled(faults);
    for (const [index, fault] of this.#deck.entries()) {
      const free = fault.targets.filter((target) => !this.#held.has(target));
      if (fault.breaks === 'ONE' ? free.length === 0 : free.length < fault.targets.length) continue;
      this.#deck.splice(index, 1);
      return { fault, targets: fault.breaks === 'ONE' ? random.shuffled(free).slice(0, 1) : free };
    }
    return null;
  }

  #begin({ fault, targets }: Next, signal: AbortSignal): void {
    this.begun += 1;
    for (const target of targets) this.#held.add(target);
    const carriedOut = this.#carryOut(fault, targets[0] ?? '', signal)
      .catch((error: unknown) => {
        this.#failure ??= error;
      })
      .finally(() => {
        for (const target of targets) this.#held.delete(target);
        this.#underWay.delete(carriedOut);
      });
    this.#underWay.add(carriedOut);
  }

  async #carryOut(fault: Fault, target: string, signal: AbortSignal): Promise<void> {
    const at = Date.now();
    const broken = await fault.carryOut(target, (text) => this.#print(at, fault.name, text), signal);
    const until = Date.now();
    this.#print(at, fault.name, `${broken}: over after ${((until - at) / 1000).toFixed(1)} s`);
    const line: FaultLine = { fault: fault.name, target: broken, at, until };
    await appendFile(this.#options.log, `${JSON.stringify(line)}\n`);
  }

  #print(at: number, name: string, text: string): void {
    const seconds = ((at - this.#options.since) / 1000).toFixed(1).padStart(6);
    console.log(`${seconds} s  ${name.padEnd(22)} ${text}`);
  }
}
