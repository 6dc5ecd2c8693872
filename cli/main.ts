import cluster from 'node:cluster';
import { createRequire } from 'node:module';
import { didYouMean } from '../schema/mistakes/index.ts';
import { parseCommandArguments } from './arguments.ts';
import { type ExitCode, exitCodes } from './exit.ts';
import { reportFailure } from './failure.ts';
import { helpOf, helpOfAll } from './help.ts';
import { commands } from './manual.ts';

/** Parses the command line, runs the command, and resolves with its exit code. Prints all failures; rejects never. */
const main = async (argv: readonly string[]): Promise<ExitCode> => {
  const [name, ...rest] = argv;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(helpOfAll(commands));
    return name === undefined ? exitCodes.wrongUse : exitCodes.ok;
  }
  if (name === '--version') {
    process.stdout.write(`${version()}\n`);
    return exitCodes.ok;
  }
  const command = commands.find((candidate) => candidate.name === name);
  if (command === undefined) {
    const known = commands.map((candidate) => candidate.name);
    const suggestion = didYouMean(name, known, `Commands: ${known.join(', ')}.`);
    const what = name.startsWith('-') ? 'option' : 'command';
    process.stderr.write(`There is no ${what} "${name}". ${suggestion}\nSee: tributary --help\n`);
    return exitCodes.wrongUse;
  }
  try {
    const given = parseCommandArguments(command, rest);
    if (given.flag('help')) {
      process.stdout.write(helpOf(command));
      return exitCodes.ok;
    }
    const { run } = await command.load();
    return await run(given);
  } catch (error) {
    return reportFailure(error);
  }
};

/** By the package's own name: sources and what is built of them lie at different depths. */
const version = (): string => {
  const description: { readonly version: string } = createRequire(import.meta.url)(
    'tributary-graph/package.json',
  );
  return description.version;
};

/** Milliseconds in which a command that failed gets out what it has to say. */
const lastWordsMs = 1_000;

// Only set, so that what is still to be written (a pipe, a log) gets out before the process ends.
process.exitCode = await main(process.argv.slice(2));
// A connection that was under way when its client was closed may stand for ever, and a supervisor waits for the end.
if (process.exitCode !== exitCodes.ok) setTimeout(() => process.exit(), lastWordsMs).unref();
// A worker's channel to its command would keep it (cli/workers).
cluster.worker?.disconnect();
