import { Clock, pause } from './clock.ts';
import { type Moment, momentsFrom, type Position } from './cycle.ts';
import { type Step, stepsOf } from './life.ts';
import { minute } from './local-time.ts';
import type { OutgoingRecord } from './records.ts';
import { readWeek, weekBegin } from './week.ts';

export interface ReplayOptions {
  /** How often faster than ours its time runs; Infinity: as fast as Kafka takes it. */
  readonly speed: number;
  /** Where the clock starts when there is no position, milliseconds since 1970: what came before is sent at once. */
  readonly from: number;
  /** Infinity: pass after pass, each a week later; rows of the pass before are removed as the week goes round. */
  readonly passes: number;
  /** Go on behind it; null: begin with the airports and the first moment. */
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
  const { airports, flights } = readWeek();
  const clock = new Clock(position?.at ?? options.from, options.speed);
  // Airports go with the first moments: a position says that they have been sent.
  let first = position === null ? airports : [];
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
    stepsFor(options, stepsOf(flights)),
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
