import { ArgumentError, type ReplayArguments, readArguments, usage } from './arguments.ts';
import { flightSteps } from './life.ts';
import { eventTopics, topics } from './outgoing-record.ts';
import { replay } from './replay.ts';
import { Sender } from './sender.ts';
import { readWeek } from './week.ts';

/** Of the week in Kafka: its position on the topic flights.replay. */
const name = 'nyc-flights';
const positionTopic = 'flights.replay';

const log = (line: string): void => console.log(line);

/** Exit codes: 0 ended or stopped, 1 Kafka failed (a restart goes on from the position), 2 wrong arguments. */
const main = async (): Promise<number> => {
  const options = readArguments(process.argv.slice(2));
  if (options.help) log(usage);
  else if (options.count) log(JSON.stringify(countWeek()));
  else await run(options);
  return 0;
};

/** How long a batch that is on its way may take once the replay is told to stop. */
const patience = 5_000;

const end = (stop: AbortController): void => {
  stop.abort();
  const giveUp = (): never => {
    log('Stopped without an answer from Kafka; the next start goes on from what it has.');
    process.exit(0);
  };
  setTimeout(giveUp, patience).unref();
};

const run = async (options: ReplayArguments): Promise<void> => {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => end(stop));
  const { brokers, speed, signal } = { ...options, signal: stop.signal };
  const sender = await Sender.open({
    brokers,
    name,
    topics: Object.values(topics),
    eventTopics,
    positionTopic,
    speed,
    log,
    signal,
  });
  if (sender === null) return;
  try {
    const position = options.reset ? null : sender.position;
    log(beginning(options, position === null ? null : position.at));
    const sent = await replay({
      ...options,
      position,
      log,
      signal,
      send: (...batch) => sender.send(...batch),
    });
    log(`${signal.aborted ? 'Stopped' : 'The week is over'}: ${sent} changes sent.`);
  } finally {
    await sender.close();
  }
};

const beginning = ({ speed, from }: ReplayArguments, position: number | null): string => {
  const pace = Number.isFinite(speed) ? `${speed} times as fast as it was` : 'as fast as Kafka takes it';
  const start = new Date(position ?? from).toISOString();
  return position === null
    ? `The week begins at ${start}, ${pace}.`
    : `The week goes on from ${start}, ${pace}; --reset begins it again.`;
};

const countWeek = () => {
  const { flights, ...others } = readWeek();
  const kinds = flightSteps(flights).map(({ kind }) => kind);
  const steps = Map.groupBy(kinds, (kind) => kind);
  steps.delete('REMOVED');
  const byKind = Object.fromEntries([...steps].map(([kind, all]) => [kind, all.length]));
  const counts = Object.entries(others).map(([name, all]) => [name, all.length]);
  return { ...Object.fromEntries(counts), flights: flights.length, events: byKind };
};

try {
  process.exitCode = await main();
} catch (error) {
  const isMistake = error instanceof ArgumentError;
  const cause = error instanceof Error && error.cause instanceof Error ? ` (${error.cause.message})` : '';
  console.error(`${error instanceof Error ? error.message : String(error)}${cause}`);
  if (isMistake) console.error('--help lists the options.');
  process.exitCode = isMistake ? 2 : 1;
}
