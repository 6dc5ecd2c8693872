import { createWriteStream, type WriteStream } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { createProducer, type Producer, type ProducerRecord } from '../../subgraphs/kit/kafka/producer.ts';
import type { WrittenLine } from './checker/format.ts';
import { topics } from './system/system.ts';

export const accounts = Array.from({ length: 100 }, (_, index) => `A${index}`);
export const branches = Array.from({ length: 8 }, (_, index) => `B${index}`);
export const kinds = ['DEPOSIT', 'PAYMENT', 'FEE'];

export interface WriterOptions {
  readonly brokers: readonly string[];
  /** File of the records that Kafka acknowledged. */
  readonly log: string;
  /** Records a second, half of them entries, half of them accounts. */
  readonly rate: number;
  /** Characters of an entry's note. */
  readonly noteLength: number;
}

/** Sends that may be under way: a partition without a leader is not to hold up the others for a while. */
const maximumUnderWay = 500;
const tickMs = 50;
/** One record of this many is a tombstone. */
const tombstoneEvery = 31;

/** Writes at a steady rate, whatever happens to the brokers; every record of a key counts one up. */
export class SteadyWriter {
  readonly #options: WriterOptions;
  readonly #producer: Producer;
  readonly #log: WriteStream;
  readonly #counts = new Map<string, number>();
  readonly #underWay = new Set<Promise<void>>();
  readonly #note: string;
  #turn = 0;
  #running: Promise<void> | null = null;
  #ending = false;
  refused = 0;

  static async connect(options: WriterOptions): Promise<SteadyWriter> {
    const producer = await createProducer({ brokers: options.brokers, clientId: 'steady-writer' });
    return new SteadyWriter(options, producer);
  }

  private constructor(options: WriterOptions, producer: Producer) {
    this.#options = options;
    this.#producer = producer;
    this.#log = createWriteStream(options.log, { flags: 'a' });
    this.#note = 'n'.repeat(options.noteLength);
  }

  /** The rows that the others refer to, and so many records that there is something to begin with. */
  async prepare(records: number): Promise<void> {
    await this.#producer.send(
      branches.map((code) => ({
        topic: topics.branches,
        key: code,
        value: JSON.stringify({ code, name: `Branch ${code}` }),
      })),
    );
    for (let sent = 0; sent < records; sent += 100) await this.#send(this.#records(100));
  }

  begin(): void {
    this.#running = this.#run();
  }

  /** Resolves when everything that was sent is acknowledged or refused. */
  async end(): Promise<void> {
    this.#ending = true;
    await this.#running;
    await Promise.all(this.#underWay);
    await this.#producer.close();
    await new Promise<void>((resolve) => this.#log.end(resolve));
  }

  /** Stops at once, whatever is under way; nothing happens after `end`. */
  async abandon(): Promise<void> {
    this.#ending = true;
    await this.#producer.close();
    if (!this.#log.writableEnded) this.#log.end();
  }

  async #run(): Promise<void> {
    const began = Date.now();
    let sent = 0;
    while (!this.#ending) {
      const due = Math.floor(((Date.now() - began) / 1000) * this.#options.rate) - sent;
      if (due > 0) {
        sent += due;
        // After a pause of its own it goes on at its rate, rather than to catch up in one burst.
        this.#track(this.#send(this.#records(Math.min(due, this.#options.rate))));
      }
      if (this.#underWay.size >= maximumUnderWay) await Promise.race(this.#underWay);
      // The rate is the load, not a wait for something to happen.
      await pause(tickMs);
    }
  }

  #track(sending: Promise<void>): void {
    const tracked: Promise<void> = sending.finally(() => this.#underWay.delete(tracked));
    this.#underWay.add(tracked);
  }

  /** A refused record may have been written all the same: its successors count on, and the topic is what counts. */
  async #send(records: readonly (ProducerRecord & { key: string; seq: number })[]): Promise<void> {
    await Promise.all(
      records.map(async (record) => {
        try {
          const [written] = await this.#producer.send([record]);
          if (written === undefined || this.#log.writableEnded) return;
          const { topic, key, seq } = record;
          const { partition, offset } = written;
          this.#log.write(
            `${JSON.stringify({ topic, partition, offset, key, seq } satisfies WrittenLine)}\n`,
          );
        } catch {
          this.refused += 1;
        }
      }),
    );
  }

  #records(count: number): (ProducerRecord & { key: string; seq: number })[] {
    return Array.from({ length: count }, (_, index) => {
      this.#turn += 1;
      return index % 2 === 0 ? this.#entry() : this.#account();
    });
  }

  #entry(): ProducerRecord & { key: string; seq: number } {
    const account = this.#pick(accounts, 7);
    const seq = this.#count(`${topics.entries} ${account}`);
    const value = {
      account,
      seq,
      kind: this.#pick(kinds, 5),
      branch: this.#pick(branches, 11),
      note: this.#note,
    };
    return { topic: topics.entries, key: account, value: JSON.stringify(value), seq };
  }

  #account(): ProducerRecord & { key: string; seq: number } {
    const id = this.#pick(accounts, 13);
    const seq = this.#count(`${topics.accounts} ${id}`);
    const isClosed = this.#turn % tombstoneEvery === 0;
    const value = { id, seq, branch: this.#pick(branches, 3) };
    return { topic: topics.accounts, key: id, value: isClosed ? null : JSON.stringify(value), seq };
  }

  #count(name: string): number {
    const next = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, next);
    return next;
  }

  /** Each in turn, but not in step with the others. */
  #pick(items: readonly string[], stride: number): string {
    return items[(this.#turn * stride + Math.floor(this.#turn / 97)) % items.length] ?? '';
  }
}
