import { setTimeout as wait } from 'node:timers/promises';
import { type ResolvedKafka, resolveKafka } from '../../local/kafka/index.ts';

export interface DevelopmentKafkaOptions {
  /** Where a broker of our own keeps its data. */
  readonly directory: string;
  /** Brokers to use instead of one of our own; null for none. */
  readonly brokers: readonly string[] | null;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

const restarts = { bound: 5, windowMs: 60_000, delayMs: 1_000 };

/** Kafka for development: somebody else's, or a broker of our own, which is started again when it dies. */
export class DevelopmentKafka {
  readonly brokers: string;
  readonly #options: DevelopmentKafkaOptions;
  #kafka: ResolvedKafka;
  #stopping = false;

  /** Resolves when it answers. Throws LocalError with the cure. */
  static async start(options: DevelopmentKafkaOptions): Promise<DevelopmentKafka> {
    return new DevelopmentKafka(options, await resolve(options));
  }

  private constructor(options: DevelopmentKafkaOptions, kafka: ResolvedKafka) {
    this.#options = options;
    this.#kafka = kafka;
    this.brokers = kafka.brokers;
    void this.#watch();
  }

  /** Ends our own broker in order; one of somebody else goes on. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#kafka.local?.stop();
  }

  /** Ends our own broker at once; its next start takes longer. */
  async kill(): Promise<void> {
    this.#stopping = true;
    await this.#kafka.local?.kill();
  }

  async #watch(): Promise<void> {
    let deaths: number[] = [];
    while (this.#kafka.local !== null) {
      await this.#kafka.local.exited;
      if (this.#stopping) return;
      const now = Date.now();
      deaths = [...deaths.filter((death) => now - death < restarts.windowMs), now];
      if (deaths.length >= restarts.bound) {
        this.#options.say(
          `the broker died ${deaths.length} times within a minute; it is not started again. Stop, look into ${this.#options.directory}/broker.log, start again.`,
        );
        return;
      }
      this.#options.say('the broker died; it is started again, and the others wait for it');
      await this.#restart();
    }
  }

  async #restart(): Promise<void> {
    await wait(restarts.delayMs);
    if (this.#stopping) return;
    try {
      this.#kafka = await resolve(this.#options);
    } catch (error) {
      this.#options.say(error instanceof Error ? error.message : String(error));
    }
    if (this.#kafka.brokers !== this.brokers)
      this.#options.say(
        `the broker has another address now, ${this.#kafka.brokers}, which the others do not know: stop and start again`,
      );
    if (this.#stopping) await this.#kafka.local?.stop();
  }
}

const resolve = ({ directory, brokers, say, signal }: DevelopmentKafkaOptions): Promise<ResolvedKafka> =>
  resolveKafka({
    directory,
    environment: { ...process.env, KAFKA_BROKERS: brokers?.join(',') },
    onProgress: say,
    signal,
  });
