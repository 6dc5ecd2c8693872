import { parseArgs } from 'node:util';
import { week } from './local-time.ts';
import { weekBegin } from './week.ts';

export const usage = `Sends a week at New York's airports to Kafka, as producers would have.

  node data/replay/main.ts --brokers HOST:PORT[,HOST:PORT…] [options]

  --speed N        so many times faster than in 2013 (default 60: a minute a second)
  --from TIME      where the clock starts; what came before is sent at once (default 2013-02-04T11:00:00Z,
                   six in the morning). Only without a remembered position.
  --loop           pass after pass, each a week later (default)
  --once           one pass, then end
  --full-speed     one pass, as fast as Kafka takes it
  --reset          forget the remembered position
  --count          print what one pass holds, as JSON, and end; needs no Kafka`;

export interface ReplayArguments {
  readonly brokers: readonly string[];
  readonly speed: number;
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly passes: number;
  readonly reset: boolean;
  readonly count: boolean;
  readonly help: boolean;
}

/** Something in the command line is wrong; the message says what and how to write it. */
export class ArgumentError extends Error {}

/** Reads the command line. Throws ArgumentError. */
export const readArguments = (args: readonly string[]): ReplayArguments => {
  const values = parse(args);
  const count = values.count ?? false;
  const help = values.help ?? false;
  const brokers = (values.brokers ?? '').split(',').filter((broker) => broker !== '');
  if (brokers.length === 0 && !count && !help)
    throw new ArgumentError('--brokers is missing; write host:port.');
  const full = values['full-speed'] ?? false;
  if (values.loop === true && (full || values.once === true)) {
    throw new ArgumentError(`--loop and --${full ? 'full-speed' : 'once'} exclude each other.`);
  }
  if (full && values.speed !== undefined)
    throw new ArgumentError('--speed and --full-speed exclude each other.');
  return {
    brokers,
    speed: full ? Number.POSITIVE_INFINITY : speedOf(values.speed ?? '60'),
    from: timeOf(values.from ?? '2013-02-04T11:00:00Z'),
    passes: full || values.once === true ? 1 : Number.POSITIVE_INFINITY,
    reset: values.reset ?? false,
    count,
    help,
  };
};

const parse = (args: readonly string[]) => {
  try {
    const flag = { type: 'boolean' } as const;
    const text = { type: 'string' } as const;
    const options = {
      brokers: text,
      speed: text,
      from: text,
      loop: flag,
      once: flag,
      'full-speed': flag,
      reset: flag,
      count: flag,
      help: flag,
    };
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new ArgumentError(error instanceof Error ? error.message : String(error));
  }
};

const speedOf = (text: string): number => {
  const speed = Number(text);
  if (speed > 0 && speed <= 100_000) return speed;
  throw new ArgumentError(
    `--speed is ${text}; write a number above 0, 100000 at most, or take --full-speed.`,
  );
};

const timeOf = (text: string): number => {
  const time = Date.parse(text);
  if (time >= weekBegin && time < weekBegin + week) return time;
  const last = new Date(weekBegin + week - 1_000).toISOString();
  throw new ArgumentError(
    `--from is ${text}; write a time from ${new Date(weekBegin).toISOString()} to ${last}.`,
  );
};
