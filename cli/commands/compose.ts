import { writeFileSync } from 'node:fs';
import type { Arguments } from '../command.ts';
import { readGivenConfiguration } from '../configuration/given.ts';
import { CommandFailure, type ExitCode, exitCodes } from '../exit.ts';
import { configuredSupergraph } from '../supergraph/configured.ts';

/** See cli/manual.ts. */
export const run = async (given: Arguments): Promise<ExitCode> => {
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
