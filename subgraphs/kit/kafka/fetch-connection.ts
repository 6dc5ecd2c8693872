import { createConnection, type Socket } from 'node:net';
import { type Broker, Reader } from '@platformatic/kafka';
import { type FetchResponse, parseFetchResponse } from './fetch-answer.ts';
import {
  apiVersionsRequest,
  type FetchRequest,
  fetchKey,
  fetchRequest,
  fetchVersions,
} from './fetch-request.ts';
import { Messages } from './messages.ts';

const connectMs = 5_000;
/** Without a byte while an answer is due. Brokers hold a fetch for a quarter of a second. */
const silentMs = 15_000;

/** What has come, for all connections: each copies its message out of it before the next one reads. */
const arrived = Buffer.allocUnsafeSlow(64 * 1024);

interface Asked {
  readonly correlation: number;
  readonly answered: (reader: Reader) => void;
  readonly failed: (error: Error) => void;
}

/**
 * A connection for fetches alone, one at a time. The client library's costs a fetch two queues, eight promises, and a
 * stream; at a hundred small fetches a second that was a quarter of a subgraph's work.
 */
export class FetchConnection {
  readonly #clientId: string;
  readonly #broker: Broker;
  readonly #socket: Socket;
  readonly #messages = new Messages((message) => this.#answer(message));
  /** Settles when the broker has told its versions. */
  readonly #opened: Promise<number>;
  #version: number | null = null;
  #correlation = 0;
  #asked: Asked | null = null;
  #failure: Error | null = null;

  /** `closed`: it cannot be used any more. */
  constructor(broker: Broker, clientId: string, closed: () => void) {
    this.#clientId = clientId;
    this.#broker = broker;
    const { host, port } = broker;
    const callback = (count: number): boolean => this.#read(count);
    this.#socket = createConnection({ host, port, noDelay: true, onread: { buffer: arrived, callback } });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#socket
      .setTimeout(connectMs, () => this.#silent())
      .once('connect', () => {
        this.#socket.setTimeout(silentMs);
        resolve();
      })
      .on('error', (error) =>
        this.close(new Error(`Broker ${this.#address}: ${error.message}.`, { cause: error })),
      )
      .once('close', () => {
        this.close(new Error(`Broker ${this.#address} closed the connection.`));
        reject(this.#failure);
        closed();
      });
    this.#opened = promise.then(() => this.#negotiate());
    this.#opened.catch(() => undefined);
  }

  get #address(): string {
    return `${this.#broker.host}:${this.#broker.port}`;
  }

  leadsTo({ host, port }: Broker): boolean {
    return this.#broker.host === host && this.#broker.port === port;
  }

  /** One at a time. Rejects when the connection ends before the answer. */
  async fetch(request: FetchRequest): Promise<FetchResponse> {
    const version = this.#version ?? (await this.#opened);
    return this.#ask(
      (correlation) => fetchRequest(request, version, this.#clientId, correlation),
      parseFetch,
    );
  }

  /** Rejects what waits for an answer. */
  close(reason: Error): void {
    if (this.#failure !== null) return;
    this.#failure = reason;
    this.#socket.destroy();
    this.#asked?.failed(reason);
    this.#asked = null;
  }

  async #negotiate(): Promise<number> {
    const newest = await this.#ask(
      (correlation) => apiVersionsRequest(this.#clientId, correlation),
      parseNewestFetch,
    );
    if (newest < fetchVersions.oldest)
      throw new Error('The broker is older than Kafka 3.1, which Tributary needs.');
    this.#version = Math.min(newest, fetchVersions.newest);
    return this.#version;
  }

  #ask<Answer>(request: (correlation: number) => Buffer, parse: (reader: Reader) => Answer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== null) {
        reject(this.#failure);
        return;
      }
      this.#correlation = (this.#correlation + 1) & 0x7fffffff;
      const correlation = this.#correlation;
      this.#asked = { correlation, answered: (reader) => resolve(parse(reader)), failed: reject };
      this.#socket.write(request(correlation));
    });
  }

  #read(count: number): boolean {
    try {
      this.#messages.read(arrived.subarray(0, count));
    } catch (error) {
      this.close(error instanceof Error ? error : new Error(String(error)));
    }
    return true;
  }

  #answer(message: Buffer): void {
    const reader = Reader.from(message);
    const asked = this.#asked;
    if (asked === null || reader.readInt32() !== asked.correlation)
      throw new Error(`Broker ${this.#address} answered what it was not asked.`);
    asked.answered(reader);
    this.#asked = null;
  }

  #silent(): void {
    // Nothing may have been asked for longer than that, while the sink was behind.
    if (this.#asked === null && !this.#socket.connecting) return;
    this.close(new Error(`Broker ${this.#address} does not answer.`));
  }
}

const parseFetch = (reader: Reader): FetchResponse => {
  reader.readTaggedFields();
  return parseFetchResponse(reader);
};

/** The newest version of fetches that the broker knows. */
const parseNewestFetch = (reader: Reader): number => {
  reader.readInt16();
  const versions = reader.readArray(
    (api) => ({ key: api.readInt16(), oldest: api.readInt16(), newest: api.readInt16() }),
    false,
    false,
  );
  return versions.find(({ key }) => key === fetchKey)?.newest ?? -1;
};
