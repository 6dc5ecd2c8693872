import type { Logger } from 'pino';
import { readLimits } from '../../gateway/limits.ts';
import type { Arguments } from '../command.ts';
import type { Configuration } from '../configuration/configuration.ts';
import { portOption, readGivenConfiguration, workersOption } from '../configuration/given.ts';
import type { ExitCode } from '../exit.ts';
import { createLog } from '../log.ts';
import { serveUntilStopped } from '../serving.ts';
import { workerFile } from '../workers/own-files.ts';
import { WorkerPlace, workerNumber } from '../workers/place.ts';
import { explainNoWorkers, serveByWorkers } from '../workers/serve.ts';

/** See cli/manual.ts. */
export const run = async (given: Arguments): Promise<ExitCode> => {
  const number = workerNumber();
  if (number !== null) return serveAsWorker(await WorkerPlace.enter(number));
  const configuration = configurationOf(given);
  const log = createLog('gateway', configuration.log.level);
  return configuration.gateway.workers > 1
    ? serveWorkers(given, configuration, log)
    : serveAlone(configuration, log);
};

const configurationOf = (given: Arguments): Configuration => {
  const read = readGivenConfiguration(given);
  const port = portOption(given) ?? read.gateway.port;
  const workers = workersOption(given) ?? read.gateway.workers;
  return { ...read, gateway: { ...read.gateway, port, workers } };
};

/** Milliseconds behind the drain: a second for the last clients, five for requests that run. */
const afterDrainMs = 7_000;
const stopDeadlineOf = ({ gateway }: Configuration): number =>
  readLimits(gateway.limits).drainMs + afterDrainMs;

const serveAlone = async (configuration: Configuration, log: Logger): Promise<ExitCode> => {
  explainNoWorkers(log);
  const [{ ConfiguredGateway }, { supergraphs }] = await servingModules();
  const server = await ConfiguredGateway.open({
    configuration,
    supergraphs: (signal) => supergraphs({ configuration, log, signal }),
    listens: ({ url }) => log.info(`gateway listens on ${url}`),
    log,
  });
  const { failed } = server;
  return serveUntilStopped({
    failed,
    stopDeadlineMs: stopDeadlineOf(configuration),
    stop: () => server.stop(),
  });
};

/** One composition for all workers, whoever serves it. */
const serveWorkers = async (
  given: Arguments,
  configuration: Configuration,
  log: Logger,
): Promise<ExitCode> => {
  const { supergraphs } = await import('../supergraph/watching.ts');
  const { host, port, workers } = configuration.gateway;
  return serveByWorkers({
    what: 'gateway',
    count: workers,
    settings: configuration,
    readAgain: async () => {
      const read = configurationOf(given);
      return { ...read, gateway: { ...read.gateway, host, port } };
    },
    stopDeadlineMs: stopDeadlineOf(configuration),
    log,
    news: (signal) => supergraphs({ configuration, log, signal }),
  });
};

const serveAsWorker = async (place: WorkerPlace<Configuration>): Promise<ExitCode> => {
  const { ConfiguredGateway } = await import('../configured-gateway.ts');
  const configuration = configurationFor(place);
  const server = await ConfiguredGateway.open({
    configuration,
    supergraphs: (signal) => place.news.values(signal),
    listens: (running) => {
      place.listens(running.url);
      place.share(running);
      place.ready();
    },
    worker: place.standing,
    log: createLog('gateway', configuration.log.level),
  });
  const { failed } = server;
  const stopDeadlineMs = stopDeadlineOf(configuration);
  return serveUntilStopped({ failed, stopDeadlineMs, stop: () => server.stop() }, place.told);
};

/** A file of usage has one writer. */
const configurationFor = ({ number, setup }: WorkerPlace<Configuration>): Configuration => {
  const { gateway } = setup.settings;
  const { file } = gateway.usage;
  const usage = { ...gateway.usage, file: file === null ? null : workerFile(file, number) };
  return { ...setup.settings, gateway: { ...gateway, usage } };
};

/** Apollo's packages take a second and 80 MB, which the command of several workers has no use for. */
const servingModules = () =>
  Promise.all([import('../configured-gateway.ts'), import('../supergraph/watching.ts')]);
