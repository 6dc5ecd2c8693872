import type { Logger } from 'pino';
import type { UsageSink } from '../gateway/index.ts';
import { createProducer, type Producer } from '../subgraphs/kit/kafka/index.ts';

export interface UsageTopicOptions {
  readonly topic: string;
  readonly brokers: readonly string[];
  readonly log: Logger;
}

/** A topic for the gateway's usage, one record a line. It connects with the first lines, not before: a gateway needs no Kafka. */
export class UsageTopic implements UsageSink {
  readonly name: string;
  readonly #options: UsageTopicOptions;
  #producer: Promise<Producer> | null = null;

  constructor(options: UsageTopicOptions) {
    this.#options = options;
    this.name = `topic ${options.topic}`;
  }

  /** Rejects with KAFKA_UNAVAILABLE, and with RECORD_REFUSED where the topic is missing. */
  async write(lines: readonly string[]): Promise<void> {
    const { topic } = this.#options;
    const producer = await this.#connected();
    await producer.send(lines.map((value) => ({ topic, key: null, value })));
  }

  async close(): Promise<void> {
    const producer = await this.#producer?.catch(() => null);
    await producer?.close();
  }

  #connected(): Promise<Producer> {
    if (this.#producer !== null) return this.#producer;
    const { brokers, log } = this.#options;
    const connecting = createProducer({ brokers, clientId: 'tributary-gateway', log });
    this.#producer = connecting;
    connecting.catch(() => {
      this.#producer = null;
    });
    return connecting;
  }
}
