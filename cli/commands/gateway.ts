import type { Logger } from 'pino';
import { type RunningGateway, readLimits, startGateway } from '../../gateway/index.ts';
import { usageBrokers } from '../brokers.ts';
import type { Arguments } from '../command.ts';
import type { Configuration } from '../configuration/configuration.ts';
import { portOption, readGivenConfiguration } from '../configuration/given.ts';
import { consolePages } from '../console-pages.ts';
import { CommandFailure, type ExitCode, exitCodes } from '../exit.ts';
import { createLog } from '../log.ts';
import { explainListenError, serveUntilStopped } from '../serving.ts';
import { supergraphs } from '../supergraph/watching.ts';
import { UsageTopic } from '../usage-topic.ts';

/** See cli/manual.ts. */
export const run = async (given: Arguments): Promise<ExitCode> => {
  const read = readGivenConfiguration(given);
  const port = portOption(given) ?? read.gateway.port;
  const configuration = { ...read, gateway: { ...read.gateway, port } };
  const log = createLog('gateway', read.log.level);
  const server = new ConfiguredGateway(configuration, await usageTopicOf(configuration, log), log);
  return serveUntilStopped(server);
};

const usageTopicOf = async (configuration: Configuration, log: Logger): Promise<UsageTopic | null> => {
  const { topic } = configuration.gateway.usage;
  if (topic === null) return null;
  const brokers = await usageBrokers(configuration);
  if (brokers !== null) return new UsageTopic({ topic, brokers, log });
  throw new CommandFailure(
    exitCodes.missing,
    `Usage is to be written to the topic ${topic}, and no Kafka broker is named. Set KAFKA_BROKERS, or write ` +
      'gateway.usage.brokers or kafka.brokers into tributary.yaml.',
  );
};

/** Milliseconds behind the drain: a second for the last clients, five for requests that run. */
const afterDrainMs = 7_000;

/** The gateway over the supergraph as far as it is known; when that changes, it goes on with the new one. */
class ConfiguredGateway {
  /** Rejects when it cannot start. */
  readonly failed: Promise<never>;
  readonly stopDeadlineMs: number;
  readonly #configuration: Configuration;
  readonly #usageTopic: UsageTopic | null;
  readonly #log: Logger;
  readonly #ending = new AbortController();
  readonly #pages = consolePages();
  readonly #serving: Promise<void>;
  #running: RunningGateway | null = null;

  constructor(configuration: Configuration, usageTopic: UsageTopic | null, log: Logger) {
    this.#configuration = configuration;
    this.#usageTopic = usageTopic;
    this.#log = log;
    const { drainMs } = readLimits(configuration.gateway.limits);
    this.stopDeadlineMs = drainMs + afterDrainMs;
    // Told of when they are awaited, and not before.
    this.#pages.catch(() => undefined);
    this.#serving = this.#serve();
    this.failed = new Promise((_, reject) => this.#serving.catch(reject));
  }

  async #serve(): Promise<void> {
    const options = { configuration: this.#configuration, log: this.#log, signal: this.#ending.signal };
    for await (const sdl of supergraphs(options)) {
      if (this.#running === null) this.#running = await this.#start(sdl);
      else await this.#update(this.#running, sdl);
    }
  }

  async #update(running: RunningGateway, sdl: string): Promise<void> {
    try {
      await running.update(sdl);
    } catch (err) {
      this.#log.error({ err }, 'the supergraph is refused; the one before is served');
    }
  }

  async #start(supergraphSdl: string): Promise<RunningGateway> {
    const { supergraph: _, pollMs: _pollMs, ...gatewayOptions } = this.#configuration.gateway;
    const running = await startGateway({
      ...gatewayOptions,
      supergraphSdl,
      usage: {
        file: gatewayOptions.usage.file,
        sinks: this.#usageTopic === null ? [] : [this.#usageTopic],
      },
      pages: await this.#pages,
      log: this.#log,
    }).catch((error: unknown) => {
      const { host, port } = gatewayOptions;
      const portCure = 'choose another with --port or gateway.port';
      throw explainListenError(error, { host, port, portCure, hostCure: 'correct gateway.host' });
    });
    this.#log.info(`gateway listens on ${running.url}`);
    return running;
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#serving.catch(() => undefined);
    await this.#running?.stop();
    await this.#usageTopic?.close();
  }
}
