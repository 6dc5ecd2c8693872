import { Clock, pause } from './clock.ts';
import { type Moment, momentsFrom, type Position } from './cycle.ts';
import { flightSteps } from './life.ts';
import { minute } from './local-time.ts';
import type { OutgoingRecord } from './outgoing-record.ts';
import type { Step } from './step.ts';
import { observationSteps } from './weather.ts';
import { readWeek, weekBegin } from './week.ts';

export interface ReplayOptions {
  /** How often faster than ours its time runs; Infinity: as fast as Kafka takes it. */
  readonly speed: number;
  /** Where the clock starts when there is no position, milliseconds since 1970: what came before is sent at once. */
  readonly from: number;
  /** Infinity: pass after pass, each a week later; rows of the pass before are removed as the week goes round. */
  readonly passes: number;
  /** Go on behind it; null: begin with the first moment. */
  readonly position: Position | null;
  /** Writes a batch and remembers the position behind it. */
  readonly send: (records: readonly OutgoingRecord[], position: Position) => Promise<void>;
  readonly log: (line: string) => void;
  /** Ends the replay behind the batch that is on its way. */
  readonly signal: AbortSignal;
}

/** Moments in one transaction: a few hundred milliseconds of work for a broker, a few hundred kilobytes. */
const batchSize = 500;
const reportEvery = minute;

/** Sends the week as its producers would have. Resolves with the number of moments sent, at the end or at the signal. */
export const replay = async (options: ReplayOptions): Promise<number> => {
  const { position, signal, log } = options;
  const { airports, airlines, planes, flights, observations } = readWeek();
  const clock = new Clock(position?.at ?? options.from, options.speed);
  // With the first moments of each start, be it again: a topic that has come in since the last one gets its rows.
  let first: readonly OutgoingRecord[] = [...airports, ...airlines, ...planes];
  let sent = 0;
  let reported = { sent, time: performance.now() };

  const flush = async (batch: readonly Moment[]): Promise<void> => {
    const last = batch.at(-1);
    if (last === undefined) return;
    await options.send([...first, ...batch.flatMap(({ records }) => records)], last);
    first = [];
    sent += batch.length;
    if (performance.now() - reported.time < reportEvery) return;
    log(`It is ${newYorkTime(last.at)} in New York; ${sent - reported.sent} changes in the last minute.`);
    reported = { sent, time: performance.now() };
  };

  let batch: Moment[] = [];
  for (const moment of momentsFrom(
    stepsFor(options, [...flightSteps(flights), ...observationSteps(observations, weekBegin)]),
    weekBegin,
    options.passes,
    position,
  )) {
    if (clock.until(moment.at) > 0 || batch.length === batchSize) {
      await flush(batch);
      batch = [];
      await pause(clock.until(moment.at), signal);
    }
    if (signal.aborted) return sent;
    batch.push(moment);
  }
  await flush(batch);
  return sent;
};

/** The week that is replayed once stays as it ended. */
const stepsFor = ({ passes }: ReplayOptions, steps: readonly Step[]): readonly Step[] =>
  passes === Number.POSITIVE_INFINITY ? steps : steps.filter(({ kind }) => kind !== 'REMOVED');

const newYork = new Intl.DateTimeFormat('en-GB', {
  timeZone: 'America/New_York',
  dateStyle: 'full',
  timeStyle: 'short',
});

const newYorkTime = (moment: number): string => newYork.format(moment);
