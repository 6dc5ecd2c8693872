import { resolve } from 'node:path';
import type { Arguments, Command } from '../command.ts';
import type { Configuration } from '../configuration/configuration.ts';
import { portOption, readGivenConfiguration, readOption } from '../configuration/given.ts';
import { settings } from '../configuration/settings.ts';
import { Development } from '../dev/development.ts';
import { welcome } from '../dev/welcome.ts';
import { CommandFailure, type ExitCode, exitCodes } from '../exit.ts';
import { untilToldToStop } from '../stop.ts';
import { configuredSupergraph } from '../supergraph/configured.ts';

const run = async (given: Arguments): Promise<ExitCode> => {
  const began = Date.now();
  const configuration = withOptions(readGivenConfiguration(given), given);
  if (configuration.gateway.port === 0)
    throw new CommandFailure(
      exitCodes.wrongUse,
      'dev needs a port that is known: give --port a number above 0.',
    );
  // Mistakes in the SDL are told before anything is started.
  await configuredSupergraph(configuration);
  const development = new Development({ configuration, replay: !given.flag('no-replay') });
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

export const dev: Command = {
  name: 'dev',
  summary: 'run everything on this machine: Kafka, the subgraphs, the gateway, live data',
  positionals: [],
  options: [
    {
      name: 'port',
      value: 'port',
      about: 'of the gateway; default: gateway.port of tributary.yaml, else 4000',
    },
    { name: 'data', value: 'dir', about: 'where Kafka and the views keep their data; default: .tributary' },
    {
      name: 'no-replay',
      value: null,
      about: 'do not replay the recorded week: the topics get only what you write',
    },
    { name: 'speed', value: 'number', about: 'times as fast as the recorded week was; default 60' },
    {
      name: 'from',
      value: 'time',
      about: 'moment of the week to begin with (RFC 3339), instead of going on',
    },
  ],
  notes:
    'Uses KAFKA_BROKERS or kafka.brokers when given, else Docker Compose where it answers, else it starts a real broker\n' +
    'on 127.0.0.1, whose data is kept. Topics are created as the SDL declares them. A process that dies is started again.\n' +
    'Ctrl-C ends everything in order; a second one at once. After kill -9 the next start ends what was left.',
  examples: [
    ['tributary dev', 'as npm start does'],
    ['tributary dev --speed 600 --from 2013-02-08T12:00:00Z', 'the blizzard, an hour in six seconds'],
    ['tributary dev --no-replay', 'to write the records yourself'],
  ],
  run,
};
