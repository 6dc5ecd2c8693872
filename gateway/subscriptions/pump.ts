import { setImmediate } from 'node:timers';
import type { ExecutionResult, GraphQLFormattedError } from 'graphql';
import { decodeCursor } from '../../schema/cursor/decode.ts';
import { type ErrorLog, refusal } from '../errors.ts';
import { type EventPayload, encodeEvent, payloadOf, type RingEntry, type Stamp } from './event.ts';
import type { AfterPositions, SubscriptionPlan } from './plan.ts';

/** Events joined by one call (S17). */
const maximumBatch = 500;

export type PumpInput =
  | { readonly kind: 'EVENT'; readonly payload: EventPayload; readonly stamp: Stamp; readonly bytes: number }
  | { readonly kind: 'PROGRESS'; readonly cursor: string }
  /** What follows is of another plan (S19). */
  | { readonly kind: 'PLAN'; readonly plan: SubscriptionPlan }
  | { readonly kind: 'END'; readonly errors: readonly GraphQLFormattedError[] | null };

export type PumpOutput =
  | { readonly kind: 'EVENT'; readonly entry: RingEntry }
  | Exclude<PumpInput, { readonly kind: 'EVENT' | 'PLAN' }>;

export interface PumpOptions {
  readonly plan: SubscriptionPlan;
  /** Bytes that may wait for their join; beyond it `pressure` asks for less. */
  readonly pendingBytes: number;
  /** Bytes delivered in one turn of the loop: more could push clients off the ring before they had a chance to read. */
  readonly turnBytes: number;
  readonly logError: ErrorLog;
  deliver(output: readonly PumpOutput[]): void;
  pressure(high: boolean): void;
}

type PlannedInput = Exclude<PumpInput, { readonly kind: 'PLAN' }>;
type Event = Extract<PumpInput, { kind: 'EVENT' }>;

/**
 * Takes what an upstream sends, completes it by the plan's joins and serialises it, in order. What arrives in one turn
 * of the loop, or while a join is under way, is joined together.
 */
export class Pump {
  readonly #options: PumpOptions;
  #plan: SubscriptionPlan;
  #queue: PumpInput[] = [];
  #bytes = 0;
  #working = false;
  /** Bytes delivered in this turn. */
  #delivered = 0;
  #pressed = false;
  #stopped = false;

  constructor(options: PumpOptions) {
    this.#options = options;
    this.#plan = options.plan;
  }

  push(input: PumpInput): void {
    if (this.#stopped) return;
    if (!this.#working && input.kind === 'PLAN') {
      this.#plan = input.plan;
      return;
    }
    if (!this.#working && this.#plan.passThrough && this.#delivered < this.#options.turnBytes) {
      const output = passed(input);
      if (output !== null) {
        this.#deliver([output], sizeOf(output));
        return;
      }
    }
    this.#queue.push(input);
    if (input.kind === 'EVENT') this.#bytes += input.bytes;
    this.#press();
    if (this.#working) return;
    this.#working = true;
    setImmediate(() => void this.#work().catch((error: unknown) => this.#fail(error)));
  }

  /** Nothing is delivered after this. */
  stop(): void {
    this.#stopped = true;
    this.#queue = [];
    this.#bytes = 0;
    this.#press();
  }

  async #work(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#takeBatch();
      const output = await this.#complete(batch);
      if (this.#stopped) return;
      for (const input of batch) if (input.kind === 'EVENT') this.#bytes -= input.bytes;
      this.#press();
      await this.#deliverInTurns(output);
    }
    this.#working = false;
  }

  /** What is due and of one plan. */
  #takeBatch(): readonly PlannedInput[] {
    const [first] = this.#queue;
    if (first?.kind === 'PLAN') {
      this.#plan = first.plan;
      this.#queue.shift();
    }
    const next = this.#queue.findIndex(({ kind }) => kind === 'PLAN');
    const batch = this.#queue.splice(0, next === -1 ? maximumBatch : Math.min(next, maximumBatch));
    return batch.filter((input) => input.kind !== 'PLAN');
  }

  /** A fault of ours must not look like a stream in which nothing happens. */
  #fail(error: unknown): void {
    if (this.#stopped) return;
    this.#options.deliver([{ kind: 'END', errors: refusal(error, this.#options.logError) }]);
    this.stop();
  }

  async #deliverInTurns(output: readonly PumpOutput[]): Promise<void> {
    let slice: PumpOutput[] = [];
    let bytes = 0;
    for (const item of output) {
      slice.push(item);
      bytes += sizeOf(item);
      if (this.#delivered + bytes < this.#options.turnBytes) continue;
      this.#deliver(slice, bytes);
      slice = [];
      bytes = 0;
      while (this.#delivered > 0) await new Promise(setImmediate);
      if (this.#stopped) return;
    }
    if (slice.length > 0) this.#deliver(slice, bytes);
  }

  #deliver(output: readonly PumpOutput[], bytes: number): void {
    if (this.#delivered === 0 && bytes > 0) {
      setImmediate(() => {
        this.#delivered = 0;
      });
    }
    this.#delivered += bytes;
    this.#options.deliver(output);
  }

  async #complete(batch: readonly PlannedInput[]): Promise<PumpOutput[]> {
    const events = batch.filter((input) => input.kind === 'EVENT');
    const topicId = topicOf(events);
    const results =
      events.length === 0
        ? []
        : await this.#plan.complete(
            events.map((event) => ({
              result: event.payload as ExecutionResult,
              after: afterOf(event, topicId),
            })),
          );
    const completed = results.values();
    return batch.map((input) => {
      if (input.kind !== 'EVENT') return input;
      const result = completed.next().value;
      if (result === undefined) throw new Error('The plan completed fewer events than it was given.');
      const own = payloadOf(result);
      const payload = { ...own, extensions: { ...input.payload.extensions, ...own.extensions } };
      return { kind: 'EVENT', entry: encodeEvent(payload, input.stamp) };
    });
  }

  #press(): void {
    const { pendingBytes, pressure } = this.#options;
    const high = this.#bytes > (this.#pressed ? pendingBytes / 2 : pendingBytes);
    if (high || this.#pressed) pressure(high);
    this.#pressed = high;
  }
}

/** What needs no plan; null for an event that does: the plan also makes errors safe for clients. */
const passed = (input: PumpInput): PumpOutput | null => {
  if (input.kind === 'PLAN') return null;
  if (input.kind !== 'EVENT') return input;
  if (input.payload.errors !== undefined) return null;
  return { kind: 'EVENT', entry: encodeEvent(input.payload, input.stamp) };
};

const sizeOf = (output: PumpOutput): number => (output.kind === 'EVENT' ? output.entry.bytes.length : 0);

/** All events of an upstream are of one topic. */
const topicOf = (events: readonly Event[]): string | null => {
  const cursor = events.find((event) => event.stamp.cursor !== null)?.stamp.cursor ?? null;
  return cursor === null ? null : decodeCursor(cursor).topicId;
};

const afterOf = (event: Event, topicId: string | null): AfterPositions | null =>
  topicId === null || event.stamp.at === null ? null : { [topicId]: [event.stamp.at] };
