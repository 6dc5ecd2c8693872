import { resolve } from 'node:path';
import type { Arguments } from '../command.ts';
import type { Configuration } from '../configuration/configuration.ts';
import { portOption, readGivenConfiguration, readOption } from '../configuration/given.ts';
import { settings } from '../configuration/settings.ts';
import { Development } from '../dev/development.ts';
import { hasReferenceData } from '../dev/services.ts';
import { welcome } from '../dev/welcome.ts';
import { CommandFailure, type ExitCode, exitCodes } from '../exit.ts';
import { untilToldToStop } from '../stop.ts';
import { configuredSupergraph } from '../supergraph/configured.ts';

/** See cli/manual.ts. */
export const run = async (given: Arguments): Promise<ExitCode> => {
  const began = Date.now();
  const configuration = withOptions(readGivenConfiguration(given), given);
  if (configuration.gateway.port === 0)
    throw new CommandFailure(
      exitCodes.wrongUse,
      'dev needs a port that is known: give --port a number above 0.',
    );
  // Mistakes in the SDL are told before anything is started.
  await configuredSupergraph(configuration);
  const replay = hasReferenceData && !given.flag('no-replay');
  const development = new Development({ configuration, replay });
  const told = untilToldToStop(() => void development.stop());
  // Whoever reads our output is gone (`| head`): the processes must not go on unseen.
  const unseen = new Promise<void>((done) => process.stdout.once('error', () => done()));
  try {
    const started = await Promise.race([development.start(), told.then(() => null), unseen.then(() => null)]);
    if (started === null) return exitCodes.ok;
    const seconds = ((Date.now() - began) / 1000).toFixed(1);
    process.stdout.write(`${welcome(configuration, started, seconds)}\n`);
    await Promise.race([told, unseen]);
  } finally {
    await development.stop();
  }
  return exitCodes.ok;
};

const withOptions = (configuration: Configuration, given: Arguments): Configuration => ({
  ...configuration,
  data: resolve(given.text('data') ?? configuration.data),
  gateway: { ...configuration.gateway, port: portOption(given) ?? configuration.gateway.port },
  replay: {
    speed: readOption(given, 'speed', settings.speed.reader) ?? configuration.replay.speed,
    from: readOption(given, 'from', settings.from.reader) ?? configuration.replay.from,
  },
});
