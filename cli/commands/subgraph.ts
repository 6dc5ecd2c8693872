import { basename, resolve } from 'node:path';
import { describeSubgraph } from '../../schema/index.ts';
import { startSubgraph } from '../../subgraphs/kit/index.ts';
import { knownBrokers } from '../brokers.ts';
import type { Arguments, Command } from '../command.ts';
import type { Configuration, LocalSubgraph } from '../configuration/configuration.ts';
import { brokersOption, portOption, readGivenConfiguration } from '../configuration/given.ts';
import { CommandFailure, type ExitCode, exitCodes } from '../exit.ts';
import { createLog } from '../log.ts';
import { explainListenError, serveUntilStopped } from '../serving.ts';
import { loadResolvers, readSources } from '../subgraph-folder.ts';

const run = async (given: Arguments): Promise<ExitCode> => {
  const read = readGivenConfiguration(given);
  const configuration = { ...read, data: resolve(given.text('data') ?? read.data) };
  const directory = resolve(given.positionals[0] ?? '');
  const sources = readSources(directory);
  // Before the brokers are looked for: mistakes in the SDL need no Kafka to be told.
  describeSubgraph(sources);
  const declared = declaredAt(directory, configuration);
  const name = given.text('name') ?? declared?.name ?? basename(directory);
  const port = portOption(given) ?? declared?.port ?? 4001;
  const resolvers = await loadResolvers(directory);
  const log = createLog(configuration.log.level);
  const subgraphOptions = {
    name,
    sources,
    ...(resolvers !== undefined && { resolvers }),
    kafka: { brokers: await brokersOf(given, configuration), clientId: `tributary-${name}` },
    host: given.text('host') ?? declared?.host ?? '127.0.0.1',
    port,
    dataDirectory: configuration.data,
    createTopics: given.flag('create-topics'),
    replication: configuration.kafka.replication,
    log,
  };
  const running = await startSubgraph(subgraphOptions).catch((error: unknown) => {
    throw explainListenError(error, port, 'choose another with --port');
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

export const subgraph: Command = {
  name: 'subgraph',
  summary: 'run the subgraph of a folder',
  positionals: ['dir'],
  options: [
    {
      name: 'name',
      value: 'name',
      about: 'name in the graph; default: that of tributary.yaml, else of the folder',
    },
    {
      name: 'host',
      value: 'host',
      about: 'address to listen on; default: that of tributary.yaml, else 127.0.0.1',
    },
    { name: 'port', value: 'port', about: 'default: that of tributary.yaml, else 4001; 0 for any free one' },
    {
      name: 'brokers',
      value: 'list',
      about: 'host:port, divided by commas; default: kafka.brokers, else those of a running dev',
    },
    { name: 'data', value: 'dir', about: 'where its views are kept; default: .tributary' },
    { name: 'create-topics', value: null, about: 'create the declared topics that are missing' },
  ],
  notes:
    'The folder holds the SDL, *.graphql, and may hold resolvers.ts, which exports "resolvers". Mistakes in the SDL are\n' +
    'all listed, with their lines. SIGTERM or Ctrl-C stops it cleanly within 10 s.\n' +
    'GraphQL is at /graphql, health at /health/live and /health/ready.',
  examples: [
    ['tributary subgraph subgraphs/flights', 'as tributary.yaml says'],
    ['tributary subgraph ./orders --port 4003 --brokers kafka-1:9092,kafka-2:9092', 'without tributary.yaml'],
  ],
  run,
};
