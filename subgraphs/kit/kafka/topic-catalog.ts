import { TributaryError } from '../../../schema/errors.ts';
import { Backoff } from './backoff.ts';
import { readTopicMetadata } from './cluster.ts';
import { unavailableError } from './kafkajs-failures.ts';
import { Wire } from './wire.ts';

export interface KnownTopic {
  readonly id: string;
  readonly partitions: number;
}

/** A topic that is deleted and made again keeps its old id here at most that long. */
const freshMs = 5_000;
const deadlineMs = 10_000;

/** Id and partition count of topics, asked anew every 5 s while they are written to. */
export class TopicCatalog {
  readonly #brokers: readonly string[];
  readonly #wire: Wire;
  readonly #known = new Map<string, { readonly topic: KnownTopic; readonly at: number }>();
  readonly #asking = new Map<string, Promise<KnownTopic>>();

  constructor(options: { readonly brokers: readonly string[]; readonly clientId: string }) {
    this.#brokers = options.brokers;
    this.#wire = new Wire(options);
  }

  /** Rejects with RECORD_REFUSED for a topic that is missing, and with KAFKA_UNAVAILABLE. */
  async find(name: string): Promise<KnownTopic> {
    const known = this.#known.get(name);
    if (known !== undefined && Date.now() - known.at < freshMs) return known.topic;
    const asking = this.#asking.get(name) ?? this.#ask(name);
    this.#asking.set(name, asking);
    return asking;
  }

  close(): void {
    this.#wire.close();
  }

  async #ask(name: string): Promise<KnownTopic> {
    try {
      const topic = await this.#askUntilAnswered(name);
      this.#known.set(name, { topic, at: Date.now() });
      return topic;
    } finally {
      this.#asking.delete(name);
    }
  }

  async #askUntilAnswered(name: string): Promise<KnownTopic> {
    const backoff = new Backoff(50, 1_000);
    const late = AbortSignal.timeout(deadlineMs);
    let unknown = 0;
    for (;;) {
      try {
        const { topic } = await readTopicMetadata(this.#wire, name);
        if (topic !== null && topic.partitions.length > 0)
          return { id: topic.id, partitions: topic.partitions.length };
        unknown += 1;
      } catch (error) {
        if (late.aborted) {
          throw unavailableError(
            `No broker answered for topic ${name}: nothing was written.`,
            this.#brokers,
            error,
          );
        }
      }
      if (unknown > 3) {
        throw new TributaryError(
          'RECORD_REFUSED',
          `There is no topic ${name}: nothing was written. Create it first.`,
        );
      }
      await backoff.pause(late);
    }
  }
}
