import {
  type API,
  apiVersionsV3,
  type Broker,
  type Connection,
  ConnectionPool,
  listOffsetsV7,
  listOffsetsV8,
  listOffsetsV9,
  metadataV10,
  metadataV11,
  metadataV12,
  offsetForLeaderEpochV3,
  offsetForLeaderEpochV4,
  ResponseError,
} from '@platformatic/kafka';

export type ListOffsetsResponse = listOffsetsV9.ListOffsetsResponse;
export type MetadataResponse = metadataV12.MetadataResponse;
export type EpochEndsResponse = offsetForLeaderEpochV4.OffsetForLeaderEpochResponse;

/** Newest first; the oldest are those of Kafka 3.1, which fetches need. */
const metadataApis = [metadataV12.api, metadataV11.api, metadataV10.api];
const listOffsetsApis = [listOffsetsV9.api, listOffsetsV8.api, listOffsetsV7.api];

const epochEndsApis = [offsetForLeaderEpochV4.api, offsetForLeaderEpochV3.api];

const readCommitted = 1;
/** In the place of a follower's id. */
const consumer = -1;
export interface OffsetQuery {
  readonly partition: number;
  readonly leaderEpoch: number;
}

export interface EpochQuery {
  readonly partition: number;
  /** Of the leader that is asked. */
  readonly currentLeaderEpoch: number;
  /** Whose end is asked for. */
  readonly leaderEpoch: number;
}

/**
 * The requests that reading needs beside fetches, each sent once: who calls decides what to try again. Errors inside an answer
 * (`errorCode`) are returned with it; a rejection means that there is no answer.
 */
export class Wire {
  readonly #pool: ConnectionPool;
  readonly #versions = new WeakMap<Connection, ReadonlyMap<number, number>>();
  /** Rejects what is in flight at `close()`: a socket that is still connecting would settle only at its timeout. */
  readonly #inFlight = new Set<(error: Error) => void>();
  #bootstrap: Broker[];
  /** Those that the cluster told of, for when all that were configured are gone. */
  #discovered: readonly Broker[] = [];
  #closed = false;

  constructor(options: { readonly brokers: readonly string[]; readonly clientId: string }) {
    this.#bootstrap = options.brokers.map(parseBroker);
    this.#pool = new ConnectionPool(options.clientId, { connectTimeout: 5_000, requestTimeout: 15_000 });
  }

  /** From any broker; the next call begins with another one when this one fails. */
  async metadata(topic: string): Promise<MetadataResponse> {
    try {
      const answer = await this.#guarded(async () => {
        const connection = await this.#pool.getFirstAvailable([...this.#bootstrap, ...this.#discovered]);
        return this.#call(connection, metadataApis, [topic], false, false);
      });
      this.#discovered = answer.brokers.map(({ host, port }) => ({ host, port }));
      return answer;
    } catch (error) {
      this.#bootstrap = [...this.#bootstrap.slice(1), ...this.#bootstrap.slice(0, 1)];
      throw error;
    }
  }

  /** `timestamp` −2: log start; −1: last stable offset; else the first offset at or after it. */
  listOffsets(
    broker: Broker,
    topic: string,
    partitions: readonly OffsetQuery[],
    timestamp: number,
  ): Promise<ListOffsetsResponse> {
    const queries = partitions.map(({ partition, leaderEpoch }) => ({
      partitionIndex: partition,
      currentLeaderEpoch: leaderEpoch,
      timestamp: BigInt(timestamp),
    }));
    return this.#guarded(async () => {
      const connection = await this.#pool.get(broker);
      return this.#call(connection, listOffsetsApis, -1, readCommitted, [
        { name: topic, partitions: queries },
      ]);
    });
  }

  /** Where epochs ended in the log of their partitions' leader (KIP-320). */
  epochEnds(broker: Broker, topic: string, queries: readonly EpochQuery[]): Promise<EpochEndsResponse> {
    const partitions = queries.map(({ partition, ...epochs }) => ({ partitionIndex: partition, ...epochs }));
    return this.#guarded(async () => {
      const connection = await this.#pool.get(broker);
      return this.#call(connection, epochEndsApis, consumer, [{ name: topic, partitions }]);
    });
  }

  /** Closes the sockets and rejects what is in flight. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const sockets = [...this.#pool].map(([, connection]) => connection.socket);
    void this.#pool.close().catch(() => undefined);
    for (const socket of sockets) socket?.destroy();
    for (const reject of [...this.#inFlight]) reject(new Error('The connection was closed.'));
  }

  #guarded<Value>(work: () => Promise<Value>): Promise<Value> {
    if (this.#closed) return Promise.reject(new Error('The connection was closed.'));
    return new Promise((resolve, reject) => {
      this.#inFlight.add(reject);
      const settle = () => this.#inFlight.delete(reject);
      work().then(resolve, reject).finally(settle);
    });
  }

  async #call<Arguments extends unknown[], Answer>(
    connection: Connection,
    newestFirst: readonly API<Arguments, Answer>[],
    ...request: Arguments
  ): Promise<Answer> {
    const api = await this.#negotiated(connection, newestFirst);
    try {
      return await api.async(connection, ...request);
    } catch (error) {
      if (error instanceof ResponseError && error.response !== undefined) return error.response as Answer;
      throw error;
    }
  }

  async #negotiated<Arguments extends unknown[], Answer>(
    connection: Connection,
    newestFirst: readonly API<Arguments, Answer>[],
  ): Promise<API<Arguments, Answer>> {
    let versions = this.#versions.get(connection);
    if (versions === undefined) {
      const { apiKeys } = await apiVersionsV3.api.async(connection, 'tributary', '1');
      versions = new Map(apiKeys.map(({ apiKey, maxVersion }) => [apiKey, maxVersion]));
      this.#versions.set(connection, versions);
    }
    const newest = versions;
    const found = newestFirst.find(({ key, version }) => version <= (newest.get(key) ?? -1));
    if (found === undefined) throw new Error('The broker is older than Kafka 3.1, which Tributary needs.');
    return found;
  }
}

/** `host:port`, `host` (port 9092) or `[v6]:port`. */
const parseBroker = (address: string): Broker => {
  const { hostname, port } = new URL(`kafka://${address}`);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? 9092 : Number(port) };
};
