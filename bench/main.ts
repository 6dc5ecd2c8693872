/** `npm run bench`: measures workloads beside their peers, each with processes as in production. */
import { readArguments, usage } from './arguments.ts';
import { type Figure, figuresOf } from './figure.ts';
import { lineOf, tableOf } from './report.ts';
import type { BenchOptions, Sample, Workload } from './workload.ts';
import { workloads } from './workloads.ts';

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
  const run = await workload.open(options, stack);
  const samples: Sample[][] = [];
  for (let number = 1; number <= runs; number++) {
    options.progress(`${workload.name}: run ${number} of ${runs}`);
    samples.push(await run());
  }
  return samples;
};

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
