import { basename, resolve } from 'node:path';
import { describeSubgraph } from '../../schema/index.ts';
import { startSubgraph } from '../../subgraphs/kit/index.ts';
import { knownBrokers } from '../brokers.ts';
import type { Arguments } from '../command.ts';
import type { Configuration, LocalSubgraph } from '../configuration/configuration.ts';
import { brokersOption, portOption, readGivenConfiguration, readOption } from '../configuration/given.ts';
import { listenHost } from '../configuration/settings.ts';
import { CommandFailure, type ExitCode, exitCodes } from '../exit.ts';
import { createLog } from '../log.ts';
import { explainListenError, serveUntilStopped } from '../serving.ts';
import { loadResolvers, readSources } from '../subgraph-folder.ts';

/** See cli/manual.ts. */
export const run = async (given: Arguments): Promise<ExitCode> => {
  const read = readGivenConfiguration(given);
  const configuration = { ...read, data: resolve(given.text('data') ?? read.data) };
  const directory = resolve(given.positionals[0] ?? '');
  const sources = readSources(directory);
  // Before the brokers are looked for: mistakes in the SDL need no Kafka to be told.
  describeSubgraph(sources);
  const declared = declaredAt(directory, configuration);
  const name = given.text('name') ?? declared?.name ?? basename(directory);
  const port = portOption(given) ?? declared?.port ?? 4001;
  const host = readOption(given, 'host', listenHost) ?? declared?.host ?? '127.0.0.1';
  const resolvers = await loadResolvers(directory);
  const log = createLog(name, configuration.log.level);
  const subgraphOptions = {
    name,
    sources,
    ...(resolvers !== undefined && { resolvers }),
    kafka: { brokers: await brokersOf(given, configuration), clientId: `tributary-${name}` },
    host,
    port,
    dataDirectory: configuration.data,
    ...(configuration.views.redis !== null && { views: { redis: configuration.views.redis } }),
    createTopics: given.flag('create-topics'),
    replication: configuration.kafka.replication,
    log,
  };
  const running = await startSubgraph(subgraphOptions).catch((error: unknown) => {
    const portCure = 'choose another with --port';
    throw explainListenError(error, { host, port, portCure, hostCure: 'choose another with --host' });
  });
  log.info(`subgraph ${name} listens on ${running.url}`);
  return serveUntilStopped(running);
};

const declaredAt = (directory: string, configuration: Configuration): LocalSubgraph | undefined =>
  configuration.subgraphs
    .filter((subgraph) => subgraph.kind === 'LOCAL')
    .find((subgraph) => subgraph.directory === directory);

const brokersOf = async (given: Arguments, configuration: Configuration): Promise<readonly string[]> => {
  const brokers = brokersOption(given) ?? (await knownBrokers(configuration));
  if (brokers !== null) return brokers;
  throw new CommandFailure(
    exitCodes.missing,
    'No Kafka broker is named. Give --brokers host:port, set KAFKA_BROKERS, or write kafka.brokers into ' +
      'tributary.yaml. The broker of a running "tributary dev" is found by itself.',
  );
};
