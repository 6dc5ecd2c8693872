import type { Fetcher } from '../fetcher.ts';
import type { FetchStep, Step } from '../plan.ts';
import { type Reply, type Run, requestOf, variablesOf } from '../run.ts';
import { type Arrived, type Representations, representationsOf } from './representations.ts';
import { Scanned } from './scanner.ts';
import type { TextFetch, TextPlan } from './text-plan.ts';
import { writeAnswer } from './write.ts';

/** Fetches answers as bytes. */
type FetchBytes = NonNullable<Fetcher['fetchBytes']>;

/**
 * Runs a plan on the texts of the answers; resolves with the body of the client's answer, a character a byte. Null when an answer has
 * anything that it should not: then the plan is to be run on values, for which `run.replies` has what was fetched.
 */
export async function executeText(plan: TextPlan, run: Run): Promise<string | null> {
  const { fetcher } = run;
  if (fetcher.fetchBytes === undefined) return null;
  const execution = new TextExecution(plan, run, fetcher.fetchBytes.bind(fetcher));
  return (await execution.step(plan.steps)) ? writeAnswer(plan.root, execution.arrived) : null;
}

class TextExecution {
  readonly #plan: TextPlan;
  readonly #run: Run;
  readonly #fetch: FetchBytes;
  /** By the numbers of the fetches. */
  readonly arrived: (Arrived | null)[];

  constructor(plan: TextPlan, run: Run, fetch: FetchBytes) {
    this.#plan = plan;
    this.#run = run;
    this.#fetch = fetch;
    this.arrived = Array.from(plan.fetches, () => null);
  }

  /** False as soon as it is known that values are needed. What is under way then is waited for by the run on values. */
  async step(step: Step): Promise<boolean> {
    switch (step.kind) {
      case 'sequence':
        for (const child of step.steps) if (!(await this.step(child))) return false;
        return true;
      case 'parallel':
        return (await Promise.all(step.steps.map((child) => this.step(child)))).every(Boolean);
      case 'fetch': {
        const fetch = this.#plan.fetches.get(step);
        return fetch !== undefined && this.#ask(step, fetch);
      }
    }
  }

  async #ask(step: FetchStep, fetch: TextFetch): Promise<boolean> {
    const { target, number } = fetch;
    if (target === null) {
      this.arrived[number] = await this.#reply(step, fetch, null);
      return this.arrived[number] !== null;
    }
    // A fetch that had nothing to be asked about has nothing for others.
    const owner = this.arrived[target.owner] ?? null;
    if (owner === null || owner.scanned.marks[target.mark]?.length === 0) return true;
    const representations = representationsOf(target, this.arrived);
    if (representations === null) return false;
    this.arrived[number] = await this.#reply(step, fetch, representations);
    return this.arrived[number] !== null;
  }

  async #reply(
    step: FetchStep,
    { scan }: TextFetch,
    representations: Representations | null,
  ): Promise<Arrived | null> {
    const run = this.#run;
    const request = requestOf(step, variablesOf(step, run.variables), run);
    const full = representations === null ? request : { ...request, representations: representations.text };
    const kinds = representations?.kinds ?? noKinds;
    const reply = this.#fetch(step.subgraph, full, run.signal, (bytes) => scan(bytes, kinds));
    run.replies ??= new Map();
    run.replies.set(step, reply);
    const scanned = await arrival(reply);
    if (scanned === null) return null;
    if (representations === null) return { scanned, entities: noEntities };
    const entities = recordsOf(scanned);
    return entities.length === kinds.length ? { scanned, entities } : null;
  }
}

const noEntities = new Int32Array(0);
const noKinds: readonly number[] = [];

/** Null when it came parsed, or did not come: the run on values says why. */
async function arrival(reply: Promise<Reply>): Promise<Scanned | null> {
  try {
    const answer = await reply;
    return answer instanceof Scanned ? answer : null;
  } catch {
    return null;
  }
}

/** The records of the list that a tape begins with. */
function recordsOf({ tape }: Scanned): Int32Array {
  const records = new Int32Array(tape[0] ?? 0);
  let record = 1;
  for (let index = 0; index < records.length; index++) {
    records[index] = record;
    record = tape[record] ?? 0;
  }
  return records;
}
