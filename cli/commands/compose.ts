import { writeFileSync } from 'node:fs';
import type { Arguments, Command } from '../command.ts';
import { readGivenConfiguration } from '../configuration/given.ts';
import { CommandFailure, type ExitCode, exitCodes } from '../exit.ts';
import { configuredSupergraph } from '../supergraph/configured.ts';

const run = async (given: Arguments): Promise<ExitCode> => {
  const configuration = readGivenConfiguration(given);
  const { sdl, hints, silent } = await configuredSupergraph({
    ...configuration,
    gateway: { ...configuration.gateway, supergraph: null },
  });
  const [absent] = silent.filter(({ cached }) => !cached);
  if (sdl === null || absent !== undefined) {
    throw new CommandFailure(
      exitCodes.missing,
      `Subgraph ${absent?.subgraph.name} at ${absent?.subgraph.url} does not tell its SDL: ${absent?.why}. ` +
        'Start it, or give its SDL as a file: schema: <file>.',
    );
  }
  for (const { subgraph, why } of silent)
    process.stderr.write(
      `Subgraph ${subgraph.name} does not answer (${why}); composed with what it answered last.\n`,
    );
  for (const { level, code, message } of hints) process.stderr.write(`${level} ${code}: ${message}\n`);
  const out = given.text('out');
  if (out === undefined) process.stdout.write(`${sdl.trimEnd()}\n`);
  else writeFileSync(out, `${sdl.trimEnd()}\n`);
  return exitCodes.ok;
};

export const compose: Command = {
  name: 'compose',
  summary: 'compose the supergraph of the subgraphs of tributary.yaml',
  positionals: [],
  options: [{ name: 'out', value: 'file', about: 'where to write it; default: stdout' }],
  notes:
    'Subgraphs with a folder need not run: their SDL is read from there. Those with a url alone are asked for it.\n' +
    'Mistakes are shown in the lines that they come from; hints of composition go to stderr.',
  examples: [
    ['tributary compose', 'print it'],
    ['tributary compose --out build/supergraph.graphql', 'for gateway.supergraph in production'],
  ],
  run,
};
