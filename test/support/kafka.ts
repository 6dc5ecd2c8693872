import { randomBytes } from 'node:crypto';
import { type Admin, type IHeaders, type ITopicConfig, Kafka, logLevel, type RecordMetadata } from 'kafkajs';
import { inject } from 'vitest';
import { untilLed } from '../../subgraphs/kit/kafka/topic-leaders.ts';

export interface TopicOptions {
  /** Default 1. */
  readonly partitions?: number;
  /** Topic configuration in Kafka's names, for instance `{ 'cleanup.policy': 'compact' }`. */
  readonly config?: Readonly<Record<string, string>>;
}

export interface TestRecord {
  readonly key?: string | Buffer | null;
  /** Null is a tombstone. */
  readonly value: string | Buffer | null;
  /** Default: by the key's hash, as Java's clients do. */
  readonly partition?: number;
  readonly headers?: IHeaders;
  /** Milliseconds since 1970. Default: now. */
  readonly timestamp?: number;
}

/** Bootstrap servers of the run's broker, as clients take them: a list separated by commas. */
export function brokers(): string {
  return inject('kafkaBrokers');
}

/** A name that no other test uses, so that tests can share the broker. */
export function uniqueTopic(prefix: string): string {
  return `${prefix}.${randomBytes(6).toString('hex')}`;
}

/**
 * Creates topics and resolves when every partition has a leader. kafkajs' own waiting ends with an error when the broker
 * that it asks has not heard of the topic yet.
 */
export async function createTopics(admin: Admin, topics: ITopicConfig[]): Promise<void> {
  await admin.createTopics({ topics, waitForLeaders: false });
  const names = topics.map(({ topic }) => topic);
  await untilLed(admin, names, AbortSignal.timeout(30_000));
}

/** The same for one topic of the run's broker. */
export async function createTopic(name: string, options: TopicOptions = {}): Promise<void> {
  const configEntries = Object.entries(options.config ?? {}).map(([key, value]) => ({ name: key, value }));
  const topic = { topic: name, numPartitions: options.partitions ?? 1, replicationFactor: 1, configEntries };
  await withAdmin((admin) => createTopics(admin, [topic]));
}

export async function deleteTopic(name: string): Promise<void> {
  await withAdmin((admin) => admin.deleteTopics({ topics: [name] }));
}

/**
 * Writes records with acks=all, as a client that is not ours, and tells where they went. Idempotent: a new partition may
 * not take records yet, and kafkajs then sends those of all others again.
 */
export async function produce(topic: string, records: readonly TestRecord[]): Promise<RecordMetadata[]> {
  const producer = kafka().producer({
    allowAutoTopicCreation: false,
    idempotent: true,
    maxInFlightRequests: 1,
  });
  await producer.connect();
  try {
    return await producer.send({ topic, acks: -1, messages: records.map(message) });
  } finally {
    await producer.disconnect();
  }
}

const message = ({ key, value, partition, headers, timestamp }: TestRecord) => ({
  key: key ?? null,
  value,
  ...(partition === undefined ? {} : { partition }),
  ...(headers === undefined ? {} : { headers }),
  ...(timestamp === undefined ? {} : { timestamp: String(timestamp) }),
});

/** A kafkajs client of the run's broker. */
export function kafka(): Kafka {
  return new Kafka({ clientId: 'test', brokers: brokers().split(','), logLevel: logLevel.ERROR });
}

async function withAdmin<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka().admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}
