import { modulo, week } from './local-time.ts';
import type { OutgoingRecord } from './outgoing-record.ts';
import { recordsOf, type Step, type StepKind, stepKinds, subjectOf } from './step.ts';

/** Names one step of one pass: all that it takes to go on behind it. */
export interface Position {
  /** Milliseconds since 1970, in the time of its pass. */
  readonly at: number;
  /** Id of a flight or code of an airport. */
  readonly subject: string;
  readonly kind: StepKind;
}

export interface Moment extends Position {
  readonly records: readonly OutgoingRecord[];
}

/**
 * The moments of so many passes (Infinity: without end) through the week that starts at `begin`, in order of time, from
 * behind `after` on.
 * A week's steps begin a day before it and end a week behind it, so passes overlap. All steps are therefore laid on one
 * turn of seven days; a step that lies k weeks behind the begin comes in turn n for pass n − k.
 */
export function* momentsFrom(
  steps: readonly Step[],
  begin: number,
  passes: number,
  after: Position | null,
): Generator<Moment> {
  const turn = turnOf(steps, begin);
  const weeks = turn.map((slot) => slot.weeks);
  const first = after === null ? Math.min(...new Set(weeks)) : Math.floor((after.at - begin) / week);
  const last = Math.max(...new Set(weeks)) + passes - 1;
  let skipping = after !== null;
  for (let n = first; n <= last; n += 1) {
    for (const slot of turn) {
      const pass = n - slot.weeks;
      if (pass < 0 || pass >= passes || !comesIn(pass, passes, slot.step)) continue;
      const position = {
        at: slot.step.at + pass * week,
        subject: subjectOf(slot.step, pass),
        kind: slot.step.kind,
      };
      skipping &&= after !== null && comparePositions(position, after) <= 0;
      if (!skipping) yield { ...position, records: recordsOf(slot.step, pass) };
    }
  }
}

const comesIn = (pass: number, passes: number, step: Step): boolean =>
  step.kind !== 'OBSERVED' || step.passes === 'ALL' || pass === (step.passes === 'FIRST' ? 0 : passes - 1);

/** By time, then subject, then kind: total, and the same in every pass. */
export const comparePositions = (a: Position, b: Position): number =>
  a.at - b.at ||
  (a.subject < b.subject ? -1 : a.subject > b.subject ? 1 : 0) ||
  stepKinds.indexOf(a.kind) - stepKinds.indexOf(b.kind);

/** The steps as they come in turn 0, each with the weeks that it lies behind the begin. */
const turnOf = (steps: readonly Step[], begin: number) =>
  steps
    .map((step) => {
      const weeks = Math.floor((step.at - begin) / week);
      return {
        step,
        weeks,
        at: modulo(step.at - begin, week),
        subject: subjectOf(step, -weeks),
        kind: step.kind,
      };
    })
    .sort(comparePositions);
