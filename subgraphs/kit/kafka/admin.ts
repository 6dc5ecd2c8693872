// By the default export: Node finds no named ones behind the first of them that is not a plain identifier.
import kafkajs, { type Admin, type ITopicConfig } from 'kafkajs';
import type { Logger } from 'pino';
import type { TopicDescription } from '../../../schema/description.ts';
import { TributaryError } from '../../../schema/errors.ts';
import { type KafkaClientOptions, kafkajsClient } from './kafkajs-client.ts';
import { unavailableError } from './kafkajs-failures.ts';
import { untilLed } from './topic-leaders.ts';

export interface EnsureTopicsOptions {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly topics: readonly TopicDescription[];
  /** Create what is missing, with the declared cleanup policy and partitions (1 where none are declared). */
  readonly create: boolean;
  /** Replication factor of what is created. */
  readonly replication: number;
  readonly log?: Logger | undefined;
}

const deadlineMs = 10_000;

/**
 * Holds what the SDL declares against the cluster. Rejects with TOPIC_MISMATCH, which lists every topic that differs or is
 * missing with its cure, and with KAFKA_UNAVAILABLE when no broker answers in 10 s. More partitions than declared are no
 * mismatch, since partitions may be added: they are logged.
 */
export const ensureTopics = async (options: EnsureTopicsOptions): Promise<void> => {
  if (options.topics.length === 0) return;
  await withAdmin(options, 'The topics could not be checked.', (admin) => checkAndCreate(admin, options));
};

export interface TombstoneRetentionsOptions extends KafkaClientOptions {
  readonly names: readonly string[];
}

/** How long each topic keeps its tombstones (`delete.retention.ms`), in milliseconds. Rejects with KAFKA_UNAVAILABLE. */
export const tombstoneRetentions = async (
  options: TombstoneRetentionsOptions,
): Promise<ReadonlyMap<string, number>> => {
  const found = new Map<string, number>();
  if (options.names.length === 0) return found;
  await withAdmin(options, 'The retention of tombstones could not be read.', async (admin) => {
    const configs = await describeTopics(admin, options.names, 'delete.retention.ms');
    for (const [name, value] of configs) found.set(name, Number(value));
  });
  return found;
};

export interface CreateTopicOptions {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly name: string;
  readonly partitions: number;
  readonly replication: number;
  /** In Kafka's names, for instance `cleanup.policy`. */
  readonly config: Readonly<Record<string, string>>;
  readonly log?: Logger | undefined;
}

/** Creates one topic unless it exists, whatever it is like then. Rejects as `ensureTopics` does. */
export const createTopicIfMissing = async (options: CreateTopicOptions): Promise<void> => {
  const { name, partitions, replication, config } = options;
  await withAdmin(options, `Topic ${name} could not be created.`, async (admin) => {
    const existing = await admin.listTopics();
    if (existing.includes(name)) return;
    const configEntries = Object.entries(config).map(([key, value]) => ({ name: key, value }));
    await createAll(admin, [
      { topic: name, numPartitions: partitions, replicationFactor: replication, configEntries },
    ]);
  });
};

const withAdmin = async (
  options: KafkaClientOptions,
  what: string,
  work: (admin: Admin) => Promise<void>,
): Promise<void> => {
  const admin = kafkajsClient(options).admin();
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`No answer within ${deadlineMs} ms.`)), deadlineMs);
  const leave = (): void => void admin.disconnect().catch(() => undefined);
  const done = admin.connect().then(() => work(admin));
  try {
    await Promise.race([done, late.promise]);
  } catch (error) {
    if (error instanceof TributaryError) throw error;
    throw unavailableError(what, options.brokers, error);
  } finally {
    clearTimeout(timer);
    leave();
    // Nothing ends its attempts: one that is under way connects again behind the end.
    void done.then(leave, leave);
  }
};

const checkAndCreate = async (admin: Admin, options: EnsureTopicsOptions): Promise<void> => {
  const { topics, create, log } = options;
  const existing = new Set(await admin.listTopics());
  const missing = topics.filter(({ name }) => !existing.has(name));
  const present = topics.filter(({ name }) => existing.has(name));
  const mismatches = await compare(admin, present, log);
  if (!create) mismatches.push(...missing.map(missingMessage));
  if (mismatches.length > 0) throw mismatch(mismatches);
  if (missing.length > 0) await createTopics(admin, missing, options);
};

const createTopics = async (
  admin: Admin,
  missing: readonly TopicDescription[],
  { replication, log }: EnsureTopicsOptions,
): Promise<void> => {
  const wanted = missing.map(
    ({ name, partitions, cleanup }): ITopicConfig => ({
      topic: name,
      numPartitions: partitions ?? 1,
      replicationFactor: replication,
      configEntries: [{ name: 'cleanup.policy', value: cleanup.toLowerCase() }],
    }),
  );
  await createAll(admin, wanted);
  log?.info({ topics: missing.map(({ name }) => name) }, 'Created missing topics');
};

const createAll = async (admin: Admin, topics: ITopicConfig[]): Promise<void> => {
  try {
    await admin.createTopics({ topics, waitForLeaders: false });
  } catch (error) {
    const refusals = refusalsOf(error);
    if (refusals === null) throw error;
    if (refusals.length > 0) throw mismatch(refusals, error);
  }
  const names = topics.map(({ topic }) => topic);
  await untilLed(admin, names, AbortSignal.timeout(deadlineMs));
};

/** One setting of each topic. */
const describeTopics = async (
  admin: Admin,
  names: readonly string[],
  setting: string,
): Promise<ReadonlyMap<string, string>> => {
  const configs = await admin.describeConfigs({
    includeSynonyms: false,
    resources: names.map((name) => ({
      type: kafkajs.ConfigResourceTypes.TOPIC,
      name,
      configNames: [setting],
    })),
  });
  return new Map(
    configs.resources.flatMap(({ resourceName, configEntries }) => {
      const value = configEntries[0]?.configValue;
      return value === undefined ? [] : [[resourceName, value] as const];
    }),
  );
};

/** What differs, one message a topic. */
const compare = async (
  admin: Admin,
  topics: readonly TopicDescription[],
  log: Logger | undefined,
): Promise<string[]> => {
  if (topics.length === 0) return [];
  const [metadata, policies] = await Promise.all([
    admin.fetchTopicMetadata({ topics: topics.map(({ name }) => name) }),
    describeTopics(
      admin,
      topics.map(({ name }) => name),
      'cleanup.policy',
    ),
  ]);
  const partitions = new Map(metadata.topics.map(({ name, partitions: found }) => [name, found.length]));
  return topics.flatMap((topic) => [
    ...comparePartitions(topic, partitions.get(topic.name) ?? 0, log),
    ...compareCleanup(topic, policies.get(topic.name) ?? 'delete'),
  ]);
};

const comparePartitions = (topic: TopicDescription, found: number, log: Logger | undefined): string[] => {
  const { name, type, partitions } = topic;
  if (partitions === null || found === partitions) return [];
  if (found > partitions) {
    log?.warn({ topic: name, declared: partitions, found }, 'The topic has more partitions than declared');
    return [];
  }
  return [
    `Topic ${name}: @topic of ${type} declares ${partitions} partitions, the cluster has ${found}. ` +
      `Add partitions (kafka-topics.sh --alter --topic ${name} --partitions ${partitions}), or declare ${found}.`,
  ];
};

const compareCleanup = ({ name, type, cleanup }: TopicDescription, policy: string): string[] => {
  const policies = policy.split(',').map((part) => part.trim().toUpperCase());
  // "compact,delete" loses old rows to retention, so it is neither of the two that can be declared.
  if (policies.length === 1 && policies[0] === cleanup) return [];
  return [
    `Topic ${name}: @topic of ${type} declares cleanup ${cleanup}, the cluster has cleanup.policy=${policy}. ` +
      `Set cleanup.policy=${cleanup.toLowerCase()} on the topic, or change the declaration.`,
  ];
};

const missingMessage = ({ name, type, cleanup, partitions }: TopicDescription): string =>
  `Topic ${name}: @topic of ${type} declares it, the cluster does not have it. ` +
  `Create it with cleanup.policy=${cleanup.toLowerCase()} and ${partitions ?? 1} partition(s), or let Tributary create it: --create-topics.`;

const mismatch = (messages: readonly string[], cause?: unknown): TributaryError =>
  new TributaryError('TOPIC_MISMATCH', messages.join('\n'), { cause, details: { mismatches: messages } });

/**
 * createTopics answers one error a topic. Those are the broker's decisions; null for an error that is none. Topics that
 * another replica of the subgraph, starting beside us, has made meanwhile are no failure.
 */
const refusalsOf = (error: unknown): string[] | null => {
  const all: readonly unknown[] | null =
    error instanceof Error && 'errors' in error && Array.isArray(error.errors) ? error.errors : null;
  if (all === null) return null;
  return all
    .filter((one) => one instanceof Error)
    .filter((one) => !('type' in one && one.type === 'TOPIC_ALREADY_EXISTS'))
    .map((one) => `Topic ${'topic' in one ? String(one.topic) : ''} could not be created: ${one.message}.`);
};
