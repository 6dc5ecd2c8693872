import { basename, resolve } from 'node:path';
import { knownBrokers } from '../brokers.ts';
import type { Arguments } from '../command.ts';
import type { Configuration, LocalSubgraph } from '../configuration/configuration.ts';
import {
  brokersOption,
  portOption,
  readGivenConfiguration,
  readOption,
  workersOption,
} from '../configuration/given.ts';
import { type LogLevel, listenHost } from '../configuration/settings.ts';
import { CommandFailure, type ExitCode, exitCodes } from '../exit.ts';
import { createLog } from '../log.ts';
import { defaultDeadlineMs, explainListenError, serveUntilStopped } from '../serving.ts';
import { loadResolvers, readSources } from '../subgraph-folder.ts';
import { workerDirectory } from '../workers/own-files.ts';
import { WorkerPlace, workerNumber } from '../workers/place.ts';
import { explainNoWorkers, serveByWorkers } from '../workers/serve.ts';

/** What a subgraph is run with, its folder aside. Plain data: workers get it by a message. */
interface SubgraphSettings {
  readonly directory: string;
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** Null: none is named. */
  readonly brokers: readonly string[] | null;
  readonly data: string;
  readonly redis: string | null;
  readonly createTopics: boolean;
  readonly replication: number;
  readonly level: LogLevel;
}

/** See cli/manual.ts. */
export const run = async (given: Arguments): Promise<ExitCode> => {
  const number = workerNumber();
  if (number !== null) return serveAsWorker(await WorkerPlace.enter(number));
  const { settings, workers } = await settingsOf(given);
  const { name, host, port } = settings;
  const log = createLog(name, settings.level);
  if (workers === 1) {
    explainNoWorkers(log);
    return serveUntilStopped(await start(settings, null));
  }
  return serveByWorkers({
    what: `subgraph ${name}`,
    count: workers,
    settings,
    readAgain: async () => {
      const read = (await settingsOf(given)).settings;
      const { describeSubgraph } = await import('../../schema/index.ts');
      describeSubgraph(readSources(read.directory));
      return { ...read, host, port };
    },
    stopDeadlineMs: defaultDeadlineMs,
    log,
  });
};

const settingsOf = async (given: Arguments): Promise<{ settings: SubgraphSettings; workers: number }> => {
  const configuration = readGivenConfiguration(given);
  const directory = resolve(given.positionals[0] ?? '');
  const declared = declaredAt(directory, configuration);
  const name = given.text('name') ?? declared?.name ?? basename(directory);
  const workers = workersOption(given) ?? configuration.subgraphWorkers ?? declared?.workers ?? 1;
  const settings = {
    directory,
    name,
    host: readOption(given, 'host', listenHost) ?? declared?.host ?? '127.0.0.1',
    port: portOption(given) ?? declared?.port ?? 4001,
    brokers: brokersOption(given) ?? (await knownBrokers(configuration)),
    data: resolve(given.text('data') ?? configuration.data),
    redis: configuration.views.redis,
    createTopics: given.flag('create-topics'),
    replication: configuration.kafka.replication,
    level: configuration.log.level,
  };
  return { settings, workers };
};

const declaredAt = (directory: string, configuration: Configuration): LocalSubgraph | undefined =>
  configuration.subgraphs
    .filter((subgraph) => subgraph.kind === 'LOCAL')
    .find((subgraph) => subgraph.directory === directory);

const serveAsWorker = async (place: WorkerPlace<SubgraphSettings>): Promise<ExitCode> => {
  const { settings } = place.setup;
  const data = workerDirectory(settings.data, place.number);
  const running = await place.begin(start({ ...settings, data }, place));
  running.ready.then(
    () => place.ready(),
    // It is a failure too, and ends the worker as such.
    () => undefined,
  );
  return serveUntilStopped(running, place.told);
};

const start = async (settings: SubgraphSettings, place: WorkerPlace<SubgraphSettings> | null) => {
  const [{ describeSubgraph }, { startSubgraph }] = await servingModules();
  const sources = readSources(settings.directory);
  // Before the brokers are looked for: mistakes in the SDL need no Kafka to be told.
  describeSubgraph(sources);
  const { name, host, port, redis, createTopics, replication } = settings;
  const resolvers = await loadResolvers(settings.directory);
  const log = createLog(name, settings.level);
  const running = await startSubgraph({
    name,
    sources,
    ...(resolvers !== undefined && { resolvers }),
    kafka: { brokers: requireBrokers(settings), clientId: `tributary-${name}` },
    host,
    port,
    dataDirectory: settings.data,
    ...(redis !== null && { views: { redis } }),
    createTopics,
    replication,
    ...(place !== null && { worker: place.standing, listenWhenReady: place.setup.joins }),
    log,
  }).catch((error: unknown) => {
    const portCure = 'choose another with --port';
    throw explainListenError(error, { host, port, portCure, hostCure: 'choose another with --host' });
  });
  place?.listens(running.url);
  if (place === null) log.info(`subgraph ${name} listens on ${running.url}`);
  return running;
};

const requireBrokers = ({ brokers }: SubgraphSettings): readonly string[] => {
  if (brokers !== null) return brokers;
  throw new CommandFailure(
    exitCodes.missing,
    'No Kafka broker is named. Give --brokers host:port, set KAFKA_BROKERS, or write kafka.brokers into ' +
      'tributary.yaml. The broker of a running "tributary dev" is found by itself.',
  );
};

/** Loaded where a subgraph is served: the command of several workers has no use for them. */
const servingModules = () =>
  Promise.all([import('../../schema/index.ts'), import('../../subgraphs/kit/index.ts')]);
