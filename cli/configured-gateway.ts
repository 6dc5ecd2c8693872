import type { Logger } from 'pino';
import { type GatewayOptions, type RunningGateway, startGateway } from '../gateway/index.ts';
import { usageBrokers } from './brokers.ts';
import type { Configuration } from './configuration/configuration.ts';
import { consolePages } from './console-pages.ts';
import { CommandFailure, exitCodes } from './exit.ts';
import { explainListenError } from './serving.ts';
import type { UsageTopic } from './usage-topic.ts';

export interface ConfiguredGatewayOptions {
  readonly configuration: Configuration;
  /** The supergraph as it is known, again when it changed, until `signal` aborts. What it rejects with is a failure. */
  readonly supergraphs: (signal: AbortSignal) => AsyncIterable<string>;
  /** Called once, when it listens. */
  readonly listens: (running: RunningGateway) => void;
  readonly worker?: GatewayOptions['worker'];
  readonly log: Logger;
}

/** The gateway over the supergraph as far as it is known; when that changes, it goes on with the new one. */
export class ConfiguredGateway {
  /** Rejects when it cannot start. */
  readonly failed: Promise<never>;
  readonly #options: ConfiguredGatewayOptions;
  readonly #usageTopic: UsageTopic | null;
  readonly #ending = new AbortController();
  readonly #pages = consolePages();
  readonly #serving: Promise<void>;
  #running: RunningGateway | null = null;

  /** Rejects with CommandFailure when usage is to be written to a topic and no broker is named. */
  static async open(options: ConfiguredGatewayOptions): Promise<ConfiguredGateway> {
    return new ConfiguredGateway(options, await usageTopicOf(options.configuration, options.log));
  }

  private constructor(options: ConfiguredGatewayOptions, usageTopic: UsageTopic | null) {
    this.#options = options;
    this.#usageTopic = usageTopic;
    // Told of when they are awaited, and not before.
    this.#pages.catch(() => undefined);
    this.#serving = this.#serve();
    this.failed = new Promise((_, reject) => this.#serving.catch(reject));
  }

  async #serve(): Promise<void> {
    for await (const sdl of this.#options.supergraphs(this.#ending.signal)) {
      if (this.#running === null) this.#running = await this.#start(sdl);
      else await this.#update(this.#running, sdl);
    }
  }

  async #update(running: RunningGateway, sdl: string): Promise<void> {
    try {
      await running.update(sdl);
    } catch (err) {
      this.#options.log.error({ err }, 'the supergraph is refused; the one before is served');
    }
  }

  async #start(supergraphSdl: string): Promise<RunningGateway> {
    const { configuration, worker, log, listens } = this.#options;
    const { supergraph: _, pollMs: _pollMs, workers: _workers, ...gatewayOptions } = configuration.gateway;
    const running = await startGateway({
      ...gatewayOptions,
      supergraphSdl,
      usage: {
        file: gatewayOptions.usage.file,
        sinks: this.#usageTopic === null ? [] : [this.#usageTopic],
      },
      pages: await this.#pages,
      ...(worker !== undefined && { worker }),
      log,
    }).catch((error: unknown) => {
      const { host, port } = gatewayOptions;
      const portCure = 'choose another with --port or gateway.port';
      throw explainListenError(error, { host, port, portCure, hostCure: 'correct gateway.host' });
    });
    listens(running);
    return running;
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#serving.catch(() => undefined);
    await this.#running?.stop();
    await this.#usageTopic?.close();
  }
}

const usageTopicOf = async (configuration: Configuration, log: Logger): Promise<UsageTopic | null> => {
  const { topic } = configuration.gateway.usage;
  if (topic === null) return null;
  const brokers = await usageBrokers(configuration);
  if (brokers !== null) {
    // The clients of Kafka are a fifth of what a gateway would load (0.4 s of CPU), and most have no use for them.
    const { UsageTopic } = await import('./usage-topic.ts');
    return new UsageTopic({ topic, brokers, log });
  }
  throw new CommandFailure(
    exitCodes.missing,
    `Usage is to be written to the topic ${topic}, and no Kafka broker is named. Set KAFKA_BROKERS, or write ` +
      'gateway.usage.brokers or kafka.brokers into tributary.yaml.',
  );
};
