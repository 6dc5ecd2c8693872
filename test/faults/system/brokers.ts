import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { type Admin, Kafka, logLevel } from 'kafkajs';
import { type LocalBroker, startBroker } from '../../../local/kafka/index.ts';
import { freePort } from '../../../local/ports.ts';
import { brokerDirectory } from '../../support/run-directory.ts';

interface Node {
  readonly directory: string;
  readonly id: number;
  readonly port: number;
  readonly controllerPort: number;
  running: LocalBroker | null;
}

export interface NewTopic {
  readonly name: string;
  readonly partitions: number;
  readonly compact: boolean;
}

/** Three Kafka nodes, each broker and controller: topics have three replicas, and writes need two of them. */
export class Brokers {
  readonly addresses: readonly string[];
  readonly #nodes: readonly Node[];
  readonly #clusterId = clusterId();

  private constructor(nodes: readonly Node[]) {
    this.#nodes = nodes;
    this.addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
  }

  /** In directories that the next test run sweeps, should this process be killed. */
  static async create(): Promise<Brokers> {
    const nodes = await Promise.all(
      [1, 2, 3].map(async (id) => ({
        id,
        directory: await brokerDirectory(),
        port: await freePort(),
        controllerPort: await freePort(),
        running: null,
      })),
    );
    return new Brokers(nodes);
  }

  async start(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#nodes.map((node) => this.#startNode(node, signal)));
  }

  /** Index of the broker that leads a partition; null while none does. */
  async leaderOf(topic: string, partition: number): Promise<number | null> {
    const { topics } = await this.admin((admin) => admin.fetchTopicMetadata({ topics: [topic] }));
    const leader = topics[0]?.partitions.find(({ partitionId }) => partitionId === partition)?.leader ?? -1;
    const index = this.#nodes.findIndex(({ id }) => id === leader);
    return index === -1 ? null : index;
  }

  pid(index: number): number {
    const running = this.#nodes[index]?.running;
    if (running === undefined || running === null) throw new Error(`broker ${index + 1} does not run`);
    return running.pid;
  }

  async kill(index: number): Promise<void> {
    const node = this.#nodes[index];
    await node?.running?.kill();
    if (node !== undefined) node.running = null;
  }

  /** On the same directory and ports. */
  async restart(index: number, signal: AbortSignal): Promise<void> {
    const node = this.#nodes[index];
    if (node !== undefined) await this.#startNode(node, signal);
  }

  /** Resolves when every partition of the topics has all its replicas in sync: only then another broker may go. */
  async untilInSync(topics: readonly string[], signal: AbortSignal): Promise<void> {
    for (;;) {
      const read = this.admin((admin) => admin.fetchTopicMetadata({ topics: [...topics] }));
      const metadata = await read.catch(() => null);
      const partitions = metadata?.topics.flatMap((topic) => topic.partitions) ?? [];
      if (partitions.length > 0 && partitions.every(({ isr }) => isr.length === this.#nodes.length)) return;
      await pause(500, undefined, { signal });
    }
  }

  /** Resolves when every broker has its replicas. */
  async createTopics(topics: readonly NewTopic[], signal: AbortSignal): Promise<void> {
    await this.admin((admin) =>
      admin.createTopics({
        // Asks a broker that may not know of them yet, and fails.
        waitForLeaders: false,
        topics: topics.map(({ name, partitions, compact }) => ({
          topic: name,
          numPartitions: partitions,
          replicationFactor: 3,
          configEntries: [
            { name: 'min.insync.replicas', value: '2' },
            { name: 'cleanup.policy', value: compact ? 'compact' : 'delete' },
          ],
        })),
      }),
    );
    await this.untilInSync(
      topics.map(({ name }) => name),
      signal,
    );
  }

  /** Next offsets of a topic by partition. */
  async ends(topic: string): Promise<readonly number[]> {
    const offsets = await this.admin((admin) => admin.fetchTopicOffsets(topic));
    return offsets.sort((a, b) => a.partition - b.partition).map(({ high }) => Number(high));
  }

  /** Gives how many the topic has then. Tried again while the controller changes. */
  async addPartitions(topic: string, further: number): Promise<number> {
    return this.admin(async (admin) => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      const count = (topics[0]?.partitions.length ?? 0) + further;
      await admin.createPartitions({ topicPartitions: [{ topic, count }] });
      return count;
    });
  }

  async admin<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
    const kafka = new Kafka({
      clientId: 'fault-run',
      brokers: [...this.addresses],
      logLevel: logLevel.NOTHING,
    });
    const admin = kafka.admin();
    await admin.connect();
    return work(admin).finally(() => admin.disconnect());
  }

  async stop(): Promise<void> {
    await Promise.all(this.#nodes.map((_, index) => this.kill(index)));
  }

  async remove(): Promise<void> {
    await Promise.all(this.#nodes.map(({ directory }) => rm(directory, { recursive: true, force: true })));
  }

  get directories(): readonly string[] {
    return this.#nodes.map(({ directory }) => directory);
  }

  async #startNode(node: Node, signal: AbortSignal): Promise<void> {
    node.running = await startBroker({
      directory: node.directory,
      nodeId: node.id,
      port: node.port,
      controllerPort: node.controllerPort,
      voters: this.#nodes.map(({ id, controllerPort }) => `${id}@127.0.0.1:${controllerPort}`),
      clusterId: this.#clusterId,
      timeoutMs: 120_000,
      signal,
    });
  }
}

/** Kafka's ids are UUIDs in URL-safe Base64; one that begins with a dash reads as an option. */
const clusterId = (): string => `A${randomBytes(16).toString('base64url').slice(1)}`;
