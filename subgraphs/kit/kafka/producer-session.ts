import { logLevel, type Message, type Producer } from 'kafkajs';
import { type KafkaClientOptions, kafkajsClient } from './kafkajs-client.ts';
import { writeFailureOf } from './kafkajs-failures.ts';

export interface WrittenBatch {
  readonly baseOffset: number;
  /** Milliseconds since 1970 where the topic's timestamps are the broker's, else −1. */
  readonly logAppendTime: number;
}

/** An idempotent kafkajs producer, with an id and sequence numbers of its own. */
export class ProducerSession {
  readonly #producer: Producer;
  readonly #connected: Promise<void>;
  #inFlight = 0;
  #ending = false;
  #broken = false;

  constructor(options: KafkaClientOptions) {
    this.#producer = kafkajsClient(options).producer({
      allowAutoTopicCreation: false,
      idempotent: true,
      maxInFlightRequests: 1,
      // About 10 s in all, so that who waits is answered. kafkajs' default for idempotent producers is for ever.
      retry: { initialRetryTime: 100, multiplier: 2, maxRetryTime: 1_000, retries: 12 },
    });
    this.#producer.logger().setLogLevel(logLevel.ERROR);
    this.#connected = this.#producer.connect();
    this.#connected.catch(() => undefined);
  }

  /** False after a failure whose outcome is unknown: the sequence numbers of its partition can no longer be trusted. */
  get isTrusted(): boolean {
    return !this.#broken;
  }

  /** Rejects with KAFKAJS' error when no broker answers. */
  async connect(): Promise<void> {
    try {
      await this.#connected;
    } catch (error) {
      this.#broken = true;
      throw error;
    }
  }

  /** Messages of one partition, which each of them names. Rejects with kafkajs' errors. */
  async send(topic: string, messages: Message[]): Promise<WrittenBatch> {
    this.#inFlight += 1;
    try {
      await this.connect();
      const [batch] = await this.#producer.send({ topic, acks: -1, timeout: 10_000, messages });
      if (batch?.baseOffset === undefined) throw new Error('The broker did not say where the records are.');
      return { baseOffset: Number(batch.baseOffset), logAppendTime: Number(batch.logAppendTime ?? -1) };
    } catch (error) {
      if (writeFailureOf(error).kind !== 'refused') this.#broken = true;
      throw error;
    } finally {
      this.#inFlight -= 1;
      if (this.#ending && this.#inFlight === 0) await this.#disconnect();
    }
  }

  /** Disconnects as soon as nothing is in flight: requests of other partitions are not to suffer. */
  async end(): Promise<void> {
    this.#ending = true;
    if (this.#inFlight === 0) await this.#disconnect();
  }

  async #disconnect(): Promise<void> {
    await this.#producer.disconnect().catch(() => undefined);
  }
}
