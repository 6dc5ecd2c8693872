import { clearImmediate, setImmediate } from 'node:timers';
import type { JoinBudget } from './join-budget.ts';

/** Inputs of a batch at most: events joined by one call (S17). */
const maximumBatch = 500;

/**
 * Milliseconds from the begin of a batch to that of one beside it that is not full. A subgraph that answers sooner is asked
 * for few large batches; behind one that does not, an event waits no longer than this for its own call.
 */
const paceMs = 10;

/** Inputs that belong together, in their order, and what they became. */
interface Batch<Plan, Input, Output> {
  readonly plan: Plan;
  readonly inputs: Input[];
  /** Of the inputs, for bounds. */
  bytes: number;
  /** Null until it is joined. */
  output: readonly Output[] | null;
}

export interface BatchesOptions<Plan, Input, Output> {
  /** Batches under way at a time. */
  readonly underWay: number;
  /** For those that begin beside another one. */
  readonly budget: JoinBudget;
  /** Never rejects. */
  join(plan: Plan, inputs: readonly Input[]): Promise<readonly Output[]>;
  /** The oldest batch is joined. */
  due(): void;
}

/**
 * Inputs on their way through joins. What comes in one turn of the loop is joined together, and so is what comes while
 * joins are under way; when these take long, several batches are under way, and leave in the order in which they came.
 */
export class Batches<Plan, Input, Output> {
  readonly #options: BatchesOptions<Plan, Input, Output>;
  #batches: Batch<Plan, Input, Output>[] = [];
  /** Of `#batches` those that have begun; the first ones. */
  #begun = 0;
  #underWay = 0;
  #lastBegin = Number.NEGATIVE_INFINITY;
  #turn: NodeJS.Immediate | null = null;
  #pace: NodeJS.Timeout | null = null;

  constructor(options: BatchesOptions<Plan, Input, Output>) {
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#batches.length === 0;
  }

  /** The oldest batch, if it is joined. */
  get first(): { readonly output: readonly Output[]; readonly bytes: number } | null {
    const [first] = this.#batches;
    return first?.output == null ? null : { output: first.output, bytes: first.bytes };
  }

  push(plan: Plan, input: Input, bytes: number): void {
    const batch = this.#openBatch(plan);
    batch.inputs.push(input);
    batch.bytes += bytes;
    this.#schedule();
  }

  /** Drops the oldest batch, which has been delivered. */
  shift(): void {
    this.#batches.shift();
    this.#begun -= 1;
  }

  /** Nothing is due after this. */
  stop(): void {
    this.#batches = [];
    this.#begun = 0;
    if (this.#turn !== null) clearImmediate(this.#turn);
    if (this.#pace !== null) clearTimeout(this.#pace);
    this.#turn = null;
    this.#pace = null;
  }

  #openBatch(plan: Plan): Batch<Plan, Input, Output> {
    const last = this.#batches.at(-1);
    const isOpen = this.#begun < this.#batches.length;
    if (last !== undefined && isOpen && last.plan === plan && !isFull(last)) return last;
    const batch: Batch<Plan, Input, Output> = { plan, inputs: [], bytes: 0, output: null };
    this.#batches.push(batch);
    return batch;
  }

  /** One batch a turn: what it takes to ask for thousands of events must not hold up who waits for none. */
  #schedule(): void {
    const next = this.#batches[this.#begun];
    if (next === undefined || this.#turn !== null || this.#underWay >= this.#options.underWay) return;
    if (this.#underWay === 0 || isFull(next)) {
      this.#turn = setImmediate(() => {
        this.#turn = null;
        this.#begin();
      });
    } else if (this.#pace === null) {
      this.#pace = setTimeout(
        () => {
          this.#pace = null;
          this.#begin();
        },
        Math.max(0, this.#lastBegin + paceMs - performance.now()),
      );
    }
  }

  #begin(): void {
    const next = this.#batches[this.#begun];
    if (next === undefined) return;
    const isBeside = this.#underWay > 0;
    if (isBeside && !this.#options.budget.take()) return;
    this.#begun += 1;
    this.#underWay += 1;
    this.#lastBegin = performance.now();
    if (this.#pace !== null) clearTimeout(this.#pace);
    this.#pace = null;
    void this.#join(next, isBeside);
    this.#schedule();
  }

  async #join(batch: Batch<Plan, Input, Output>, isBeside: boolean): Promise<void> {
    const output = await this.#options.join(batch.plan, batch.inputs);
    this.#underWay -= 1;
    if (isBeside) this.#options.budget.give();
    batch.output = output;
    this.#schedule();
    if (this.#batches[0] === batch) this.#options.due();
  }
}

const isFull = ({ inputs }: { readonly inputs: readonly unknown[] }): boolean =>
  inputs.length >= maximumBatch;
