import { setImmediate } from 'node:timers';
import type { ExecutionResult, GraphQLFormattedError } from 'graphql';
import { decodeCursor } from '../../schema/cursor/decode.ts';
import { type ErrorLog, refusal } from '../errors.ts';
import { currentTurn } from '../turn.ts';
import { Batches } from './batches.ts';
import { type EventPayload, encodeEvent, payloadOf, type RingEntry, type Stamp } from './event.ts';
import type { JoinBudget } from './join-budget.ts';
import type { AfterPositions, SubscriptionPlan } from './plan.ts';
import { PlainPayload } from './upstream/plain-next.ts';

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
  /** Batches of events whose joins are under way at a time. */
  readonly joinsUnderWay: number;
  /** Shared with all that join. */
  readonly joinBudget: JoinBudget;
  readonly logError: ErrorLog;
  deliver(output: readonly PumpOutput[]): void;
  pressure(high: boolean): void;
}

type PlannedInput = Exclude<PumpInput, { readonly kind: 'PLAN' }>;
type Event = Extract<PumpInput, { kind: 'EVENT' }>;

/**
 * Takes what an upstream sends, completes it by the plan's joins and serialises it, in order; `Batches` says what is
 * joined together.
 */
export class Pump {
  readonly #options: PumpOptions;
  readonly #batches: Batches<SubscriptionPlan, PlannedInput, PumpOutput>;
  /** Of what comes next. */
  #plan: SubscriptionPlan;
  #bytes = 0;
  #delivering = false;
  /** Bytes delivered in `#turn`. */
  #delivered = 0;
  #turn = -1;
  #pressed = false;
  #stopped = false;

  constructor(options: PumpOptions) {
    this.#options = options;
    this.#plan = options.plan;
    this.#batches = new Batches({
      underWay: options.joinsUnderWay,
      budget: options.joinBudget,
      join: (plan, inputs) => this.#join(plan, inputs),
      due: () => void this.#deliverDue().catch((error: unknown) => this.#fail(error)),
    });
  }

  push(input: PumpInput): void {
    if (this.#stopped) return;
    if (input.kind === 'PLAN') {
      this.#plan = input.plan;
      return;
    }
    if (this.#batches.isEmpty && this.#plan.passThrough && this.#deliveredNow() < this.#options.turnBytes) {
      const output = passed(this.#plan, input);
      if (output !== null) {
        this.#deliver([output], sizeOf(output));
        return;
      }
    }
    const bytes = input.kind === 'EVENT' ? input.bytes : 0;
    this.#batches.push(this.#plan, input, bytes);
    this.#bytes += bytes;
    this.#press();
  }

  /** Nothing is delivered after this. */
  stop(): void {
    this.#stopped = true;
    this.#batches.stop();
    this.#bytes = 0;
    this.#press();
  }

  /** Delivers what is joined, up to the first batch that is not. */
  async #deliverDue(): Promise<void> {
    if (this.#delivering) return;
    this.#delivering = true;
    let batch = this.#batches.first;
    while (batch !== null) {
      this.#bytes -= batch.bytes;
      this.#press();
      await this.#deliverInTurns(batch.output);
      if (batch.output.at(-1)?.kind === 'END') this.stop();
      if (this.#stopped) return;
      this.#batches.shift();
      batch = this.#batches.first;
    }
    this.#delivering = false;
  }

  /** Never rejects: a fault of a plan ends the stream behind what came before. */
  async #join(plan: SubscriptionPlan, inputs: readonly PlannedInput[]): Promise<readonly PumpOutput[]> {
    try {
      return await completed(plan, inputs);
    } catch (error) {
      return this.#stopped ? [] : [this.#endBy(error)];
    }
  }

  #fail(error: unknown): void {
    if (this.#stopped) return;
    this.#options.deliver([this.#endBy(error)]);
    this.stop();
  }

  /** A fault of ours must not look like a stream in which nothing happens. */
  #endBy(error: unknown): PumpOutput {
    return { kind: 'END', errors: refusal(error, this.#options.logError) };
  }

  async #deliverInTurns(output: readonly PumpOutput[]): Promise<void> {
    let slice: PumpOutput[] = [];
    let bytes = 0;
    for (const item of output) {
      slice.push(item);
      bytes += sizeOf(item);
      if (this.#deliveredNow() + bytes < this.#options.turnBytes) continue;
      this.#deliver(slice, bytes);
      slice = [];
      bytes = 0;
      while (this.#deliveredNow() > 0) await new Promise(setImmediate);
      if (this.#stopped) return;
    }
    if (slice.length > 0) this.#deliver(slice, bytes);
  }

  #deliver(output: readonly PumpOutput[], bytes: number): void {
    this.#delivered = this.#deliveredNow() + bytes;
    this.#options.deliver(output);
  }

  /** Bytes delivered in this turn. */
  #deliveredNow(): number {
    const turn = currentTurn();
    if (this.#turn !== turn) {
      this.#turn = turn;
      this.#delivered = 0;
    }
    return this.#delivered;
  }

  #press(): void {
    const { pendingBytes, pressure } = this.#options;
    const high = this.#bytes > (this.#pressed ? pendingBytes / 2 : pendingBytes);
    if (high || this.#pressed) pressure(high);
    this.#pressed = high;
  }
}

/** In the order of the inputs. */
const completed = async (
  plan: SubscriptionPlan,
  inputs: readonly PlannedInput[],
): Promise<readonly PumpOutput[]> => {
  const events = inputs
    .filter((input) => input.kind === 'EVENT')
    .filter((event) => unreadEntry(plan, event) === null);
  const topicId = topicOf(events);
  const results =
    events.length === 0
      ? []
      : await plan.complete(
          events.map((event) => ({
            result: event.payload as ExecutionResult,
            after: afterOf(event, topicId),
          })),
        );
  const rest = results.values();
  return inputs.map((input) => {
    if (input.kind !== 'EVENT') return input;
    const unread = unreadEntry(plan, input);
    if (unread !== null) return { kind: 'EVENT', entry: unread };
    const result = rest.next().value;
    if (result === undefined) throw new Error('The plan completed fewer events than it was given.');
    const own = payloadOf(result);
    const payload = { ...own, extensions: { ...input.payload.extensions, ...own.extensions } };
    return { kind: 'EVENT', entry: encodeEvent(payload, input.stamp) };
  });
};

/** What needs no plan; null for an event that does: the plan also makes errors safe for clients. */
const passed = (plan: SubscriptionPlan, input: PlannedInput): PumpOutput | null => {
  if (input.kind !== 'EVENT') return input;
  if (input.payload.errors !== undefined) return null;
  return { kind: 'EVENT', entry: unreadEntry(plan, input) ?? encodeEvent(input.payload, input.stamp) };
};

/** The event as it came, if that is what clients get; also of one that had to wait: read and written anew, a large number is another. */
const unreadEntry = ({ passThrough }: SubscriptionPlan, { payload, stamp }: Event): RingEntry | null =>
  passThrough && payload instanceof PlainPayload && !stamp.gap ? payload.entry(stamp) : null;

const sizeOf = (output: PumpOutput): number => (output.kind === 'EVENT' ? output.entry.bytes.length : 0);

/** All events of an upstream are of one topic. */
const topicOf = (events: readonly Event[]): string | null => {
  const cursor = events.find((event) => event.stamp.cursor !== null)?.stamp.cursor ?? null;
  return cursor === null ? null : decodeCursor(cursor).topicId;
};

const afterOf = (event: Event, topicId: string | null): AfterPositions | null =>
  topicId === null || event.stamp.at === null ? null : { [topicId]: [event.stamp.at] };
