import { join } from 'node:path';
import {
  AlreadyRunningError,
  isPortFree,
  Printer,
  type Service,
  type Supervisor,
  startSupervisor,
  untilReady,
} from '../../local/supervisor/index.ts';
import { brokerDirectory } from '../brokers.ts';
import type { Configuration, LocalSubgraph } from '../configuration/configuration.ts';
import { CommandFailure, exitCodes } from '../exit.ts';
import { reachable } from '../reachable.ts';
import { explainListenError, portInUse } from '../serving.ts';
import { DevelopmentKafka } from './broker.ts';
import { hasExamples, untilExamplesAnswer } from './examples.ts';
import { gatewayService, replayService, type ServiceContext, subgraphService } from './services.ts';

export interface DevelopmentOptions {
  readonly configuration: Configuration;
  /** False: the producer of the reference data is not started. */
  readonly replay: boolean;
}

export interface Started {
  /** Divided by commas. */
  readonly brokers: string;
  /** Services that died too often. */
  readonly absent: readonly string[];
}

/** All processes of `tributary dev`: started in order, each when what it needs answers, and ended in reverse. */
export class Development {
  readonly #options: DevelopmentOptions;
  readonly #printer: Printer;
  readonly #colour: boolean;
  readonly #ending = new AbortController();
  #supervisor: Supervisor | null = null;
  #kafka: Promise<DevelopmentKafka> | null = null;
  #stopping: Promise<void> | null = null;

  constructor(options: DevelopmentOptions) {
    this.#options = options;
    this.#colour = process.stdout.hasColors?.() ?? false;
    this.#printer = new Printer(process.stdout, { colour: this.#colour });
  }

  /**
   * Resolves when everything answers, except what died too often; `absent` names that. Throws CommandFailure or
   * LocalError with the cure.
   */
  async start(): Promise<Started> {
    const { configuration, replay } = this.#options;
    const supervisor = await this.#claim();
    await requireFreePorts(configuration);
    const { brokers } = await this.#startKafka();
    const context: ServiceContext = { configuration, brokers, colour: this.#colour };
    const gatewayUrl = `http://${reachable(configuration.gateway.host, configuration.gateway.port)}/graphql`;
    // The gateway waits for its subgraphs by itself; started beside them it is ready seconds earlier.
    const services = [
      ...localSubgraphs(configuration).map((subgraph) => ({
        service: supervisor.start(subgraphService(subgraph, context)),
        url: subgraph.url,
      })),
      { service: supervisor.start(gatewayService(context)), url: gatewayUrl },
    ];
    const absent = await Promise.all(services.map(({ service, url }) => this.#untilReady(service, url)));
    this.#ending.signal.throwIfAborted();
    const missing = absent.filter((name) => name !== null);
    if (replay) {
      supervisor.start(replayService(context));
      // What is printed next is pasted at once: it has to find something.
      if (missing.length === 0 && hasExamples(configuration))
        await untilExamplesAnswer(gatewayUrl, this.#ending.signal);
    }
    return { brokers, absent: missing };
  }

  /** Ends everything, also a start under way. Called again, it kills what has not ended. */
  async stop(): Promise<void> {
    if (this.#stopping !== null) {
      void this.#supervisor?.stop();
      void this.#kafka?.then((kafka) => kafka.kill()).catch(() => undefined);
    }
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  async #stopAll(): Promise<void> {
    this.#ending.abort(new Error('stopped'));
    await this.#supervisor?.stop();
    // One that is still being started ends as soon as there is something to end.
    const kafka = await this.#kafka?.catch(() => null);
    await kafka?.stop();
    this.#supervisor?.release();
  }

  async #claim(): Promise<Supervisor> {
    const { data } = this.#options.configuration;
    try {
      this.#supervisor = await startSupervisor({ file: join(data, 'dev.json'), printer: this.#printer });
      return this.#supervisor;
    } catch (error) {
      if (!(error instanceof AlreadyRunningError)) throw error;
      throw new CommandFailure(
        exitCodes.failed,
        `"tributary dev" already runs here as process ${error.pid}. Stop it (kill ${error.pid}), ` +
          `or start another with --data <dir> and a --config that has other ports.`,
        { cause: error },
      );
    }
  }

  #startKafka(): Promise<DevelopmentKafka> {
    const { configuration } = this.#options;
    this.#kafka = DevelopmentKafka.start({
      directory: brokerDirectory(configuration),
      brokers: configuration.kafka.brokers,
      say: (line) => this.#printer.print('kafka', line),
      signal: this.#ending.signal,
    });
    return this.#kafka;
  }

  /** Null when it is ready, its name when it was given up: what comes after goes on without, and its lines say why. */
  async #untilReady(service: Service, graphql: string): Promise<string | null> {
    const waiting = new AbortController();
    const ready = untilReady(new URL('/health/ready', graphql).href, {
      signal: AbortSignal.any([waiting.signal, this.#ending.signal]),
      onSlow: (answer) => this.#printer.print(service.name, `is not ready yet: ${answer}`),
    });
    try {
      return await Promise.race([ready.then(() => null), service.finished.then(() => service.name)]);
    } finally {
      waiting.abort();
      ready.catch(() => undefined);
    }
  }
}

const localSubgraphs = ({ subgraphs }: Configuration): readonly LocalSubgraph[] =>
  subgraphs.filter((subgraph) => subgraph.kind === 'LOCAL');

const requireFreePorts = async (configuration: Configuration): Promise<void> => {
  const { host, port } = configuration.gateway;
  const listeners = [
    { host, port, portCure: 'choose another: --port <port>', hostCure: 'correct gateway.host' },
    ...localSubgraphs(configuration).map((subgraph) => ({
      host: subgraph.host,
      port: subgraph.port,
      portCure: `choose another: subgraphs.${subgraph.name}.port in tributary.yaml`,
      hostCure: `correct subgraphs.${subgraph.name}.host`,
    })),
  ];
  for (const listener of listeners) {
    const isFree = await isPortFree(listener.host, listener.port).catch((error: unknown) => {
      throw explainListenError(error, listener);
    });
    if (!isFree) throw portInUse(listener.port, listener.portCure);
  }
};
