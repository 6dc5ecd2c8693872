import { Kafka, logLevel, type RetryOptions } from 'kafkajs';

export interface ClientOptions {
  readonly brokers: readonly string[];
  /** Of the replay; part of the client id that brokers show. */
  readonly name: string;
  readonly outage: Outage;
  readonly retry: RetryOptions;
}

/** A client that tells of trouble by one line an outage. */
export const clientOf = ({ brokers, name, outage, retry }: ClientOptions): Kafka =>
  new Kafka({
    clientId: `replay-${name}`,
    brokers: [...brokers],
    logLevel: logLevel.ERROR,
    logCreator:
      () =>
      ({ log: { message } }) => {
        // What a broker answers, be it an error, is no outage: it is tried again, or comes back to the caller.
        if (/connect|time(d )?out/i.test(message)) outage.begins(message);
      },
    retry,
  });

/** The client library logs each attempt of each request; this says it once. */
export class Outage {
  readonly #log: (line: string) => void;
  #isKnown = false;

  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  begins(message: string): void {
    if (!this.#isKnown) this.#log(`Kafka does not answer, trying again: ${message}`);
    this.#isKnown = true;
  }

  ends(): void {
    if (this.#isKnown) this.#log('Kafka answers again.');
    this.#isKnown = false;
  }
}
