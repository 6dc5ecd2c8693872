import type { Logger } from 'pino';
import type { HeldBack } from './held-back.ts';

/** Transactions end within a minute by default (`transaction.timeout.ms`), and brokers abort what goes on for longer. */
export const hungAfterSeconds = 60;

/** Tells the log once when a transaction holds records back for a minute or more, and once when that is over. */
export class HungTransaction {
  readonly #topic: string;
  readonly #log: Pick<Logger, 'warn' | 'info'>;
  #isTold = false;

  constructor(topic: string, log: Pick<Logger, 'warn' | 'info'>) {
    this.#topic = topic;
    this.#log = log;
  }

  look(heldBack: HeldBack | null): void {
    if (heldBack !== null && heldBack.seconds >= hungAfterSeconds && !this.#isTold) {
      this.#isTold = true;
      this.#log.warn(
        { topic: this.#topic, ...heldBack },
        'an open transaction holds records back from all who read this topic: end its producer, or abort it with kafka-transactions.sh',
      );
    }
    if (heldBack === null && this.#isTold) {
      this.#isTold = false;
      this.#log.info({ topic: this.#topic }, 'the open transaction has ended');
    }
  }
}
