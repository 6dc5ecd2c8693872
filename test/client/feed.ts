import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { type RunningGateway, startGateway } from '../../gateway/index.ts';
import { compose } from '../../schema/index.ts';
import type { RunningSubgraph } from '../../subgraphs/kit/index.ts';
import { TcpProxy } from '../gateway/support/tcp-proxy.ts';
import { runSubgraph } from '../kit/subgraph/running.ts';
import { produce, uniqueTopic } from '../support/kafka.ts';

const sdl = (topic: string): string => `
type Reading @topic(name: "${topic}", key: "id", cleanup: DELETE, partitions: 2) { id: ID! room: String! value: Int! }
type Query { version: String }
type Subscription { readings(room: String, from: Cursor): Reading! @consume }
`;

export interface Reading {
  readonly id: string;
  readonly value: number;
}

/** Readings of rooms on a real Kafka, a subgraph, a gateway that can be started again, and a network that can be cut. */
export class Feed {
  static readonly query =
    'subscription Readings($room: String) { readings(room: $room) { id value } }' as const;
  readonly topic = uniqueTopic('readings');
  #subgraph: RunningSubgraph | null = null;
  #gateway: RunningGateway | null = null;
  #proxy: TcpProxy | null = null;
  #supergraphSdl = '';
  #value = 0;

  static async start(): Promise<Feed> {
    const feed = new Feed();
    const { url } = await feed.#startSubgraph(0);
    const sources = [{ file: 'readings.graphql', text: sdl(feed.topic) }];
    feed.#supergraphSdl = compose([{ name: 'readings', url, sources }]).supergraphSdl;
    await feed.#startGateway(0);
    feed.#proxy = await new TcpProxy(feed.gateway.port).start();
    onTestFinished(async () => {
      await feed.#proxy?.stop();
      await feed.gateway.stop();
    });
    return feed;
  }

  get gateway(): RunningGateway {
    if (this.#gateway === null) throw new Error('no gateway');
    return this.#gateway;
  }

  /** Of the gateway as clients see it, through the network. */
  get url(): string {
    return this.proxy.through(this.gateway.url);
  }

  get proxy(): TcpProxy {
    if (this.#proxy === null) throw new Error('no proxy');
    return this.#proxy;
  }

  /** Another process as far as clients can tell: it knows nothing of the one before. */
  async restartGateway(whileAway: () => Promise<unknown>): Promise<void> {
    await this.gateway.stop();
    await whileAway();
    await this.#startGateway(this.gateway.port);
  }

  /** Its window of recent records is read from Kafka anew. */
  async restartSubgraph(): Promise<void> {
    const port = this.#subgraph?.port ?? 0;
    await this.#subgraph?.stop();
    await this.#startSubgraph(port);
  }

  async #startSubgraph(port: number): Promise<RunningSubgraph> {
    const resolvers = { Query: { version: () => '1' } };
    this.#subgraph = await runSubgraph({ sdl: sdl(this.topic), resolvers, port, progressMs: 50 });
    return this.#subgraph;
  }

  async #startGateway(port: number): Promise<void> {
    this.#gateway = await startGateway({
      port,
      supergraphSdl: this.#supergraphSdl,
      limits: { progressMs: 50 },
      log: pino({ level: 'silent' }),
    });
  }

  /** Writes so many readings of a room, ten sensors by turns; resolves with their values when Kafka has them. */
  async write(room: string, count: number): Promise<Reading[]> {
    const readings = Array.from({ length: count }, () => {
      this.#value += 1;
      return { id: `${room}-${this.#value % 10}`, value: this.#value };
    });
    const records = readings.map(({ id, value }) => ({
      key: id,
      value: JSON.stringify({ id, room, value }),
    }));
    await produce(this.topic, records);
    return readings;
  }
}

/** In order for each sensor, the order in which they came for a client: nothing is sorted, so nothing is hidden. */
export const bySensor = (readings: readonly Reading[]): Record<string, number[]> => {
  const sensors: Record<string, number[]> = {};
  for (const { id, value } of readings) {
    sensors[id] ??= [];
    sensors[id].push(value);
  }
  return sensors;
};
