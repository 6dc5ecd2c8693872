/** `npm run bench`: measures workloads beside their peers, each with processes as in production. */
import { readArguments, usage } from './arguments.ts';
import { type Figure, figuresOf } from './figure.ts';
import { lineOf, tableOf } from './report.ts';
import type { BenchOptions, Sample, Workload } from './workload.ts';
import { workloads } from './workloads.ts';

const ending = endedBySignal();

const main = async (argv: readonly string[]): Promise<void> => {
  const given = readArguments(
    argv,
    workloads.map(({ name }) => name),
  );
  if (given.help) {
    console.log(usage + workloads.map(({ name, about }) => `  ${name.padEnd(22)}${about}`).join('\n'));
    return;
  }
  const chosen = workloads.filter(
    ({ name }) => given.workloads.length === 0 || given.workloads.includes(name),
  );
  const options: BenchOptions = { ...given, progress: (line) => process.stderr.write(`${line}\n`) };
  const figures: Figure[] = [];
  for (const workload of chosen) {
    const found = figuresOf(workload.name, await runAll(workload, given.runs, options));
    figures.push(...found);
    if (given.json) for (const figure of found) console.log(lineOf(figure));
  }
  if (!given.json) console.log(tableOf(figures));
};

/** The processes of a workload live for all of its runs, and for no other workload. */
const runAll = async (workload: Workload, runs: number, options: BenchOptions): Promise<Sample[][]> => {
  await using stack = new AsyncDisposableStack();
  options.progress(`${workload.name}: ${workload.about}`);
  ending.throwIfAborted();
  const run = await workload.open(options, stack);
  // What opens is waited for: a broker that is under way has to be ended too.
  ending.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  // Whoever is not under way when it comes is not told.
  aborted.promise.catch(() => undefined);
  ending.addEventListener('abort', () => aborted.reject(ending.reason));
  const samples: Sample[][] = [];
  for (let number = 1; number <= runs; number++) {
    options.progress(`${workload.name}: run ${number} of ${runs}`);
    samples.push(await Promise.race([run(), aborted.promise]));
  }
  return samples;
};

/** Aborted by Ctrl-C or SIGTERM: processes in groups of their own, brokers for one, would outlive the bench. */
function endedBySignal(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      // A run that has lost its processes may fail wherever it is; the rest has to be ended all the same.
      process.on('uncaughtException', () => undefined);
      controller.abort(new Error(`The bench was ended by ${signal}.`));
    });
  }
  return controller.signal;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  const told = ending.aborted ? ending.reason : error;
  console.error(told instanceof Error ? told.message : told);
  process.exitCode = 1;
}
