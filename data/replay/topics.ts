// By the default export: Node finds no named ones behind the first of them that is not a plain identifier.
import kafkajs, { type Admin } from 'kafkajs';
import { untilLed } from '../../subgraphs/kit/kafka/index.ts';
import { clientOf, Outage } from './client.ts';
import { pause } from './clock.ts';

export interface TopicsOptions {
  readonly brokers: readonly string[];
  readonly name: string;
  /** Topics that records go to: others make them. */
  readonly topics: readonly string[];
  /** Made here when missing. */
  readonly positionTopic: string;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
}

const deadline = 120_000;
/** At the start a broker that does not answer is a wrong address: about five seconds. */
const retry = { initialRetryTime: 200, maxRetryTime: 1_000, retries: 6 };

/**
 * Resolves true when all topics are there, false when the signal came first. Rejects when no broker answers, or the
 * topics are missing after 2 minutes.
 */
export const prepareTopics = async (options: TopicsOptions): Promise<boolean> => {
  const admin = clientOf({ ...options, outage: new Outage(options.log), retry }).admin();
  await connect(admin, options.brokers);
  try {
    if (!(await topicsAppear(admin, options))) return false;
    await preparePositionTopic(options, admin);
    return !options.signal.aborted;
  } finally {
    await admin.disconnect();
  }
};

const connect = async (admin: Admin, brokers: readonly string[]): Promise<void> => {
  try {
    await admin.connect();
  } catch (cause) {
    throw new Error(`No broker answers at ${brokers.join(', ')}. Start Kafka, or correct --brokers.`, {
      cause,
    });
  }
};

const topicsAppear = async (admin: Admin, { topics, log, signal }: TopicsOptions): Promise<boolean> => {
  const end = performance.now() + deadline;
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    const present = new Set(await admin.listTopics());
    const missing = topics.filter((topic) => !present.has(topic)).join(', ');
    if (missing === '') return true;
    if (attempt === 0) log(`Waiting for ${missing}: the subgraphs make their topics when they start.`);
    if (performance.now() > end) {
      throw new Error(`After ${deadline / 1000} s there is no topic ${missing}. Start the subgraphs.`);
    }
    await pause(500, signal);
  }
  return false;
};

/** Small segments, so that compaction keeps it at a few megabytes whatever the length of the run. */
const positionConfig = Object.entries({
  'cleanup.policy': 'compact',
  'segment.bytes': '1048576',
  'min.cleanable.dirty.ratio': '0.1',
}).map(([name, value]) => ({ name, value }));

/** A subgraph that shows the clock makes the topic too, without these settings. */
const preparePositionTopic = async (
  { positionTopic: topic, log, signal }: TopicsOptions,
  admin: Admin,
): Promise<void> => {
  const isThere = (await admin.listTopics()).includes(topic);
  if (isThere) {
    const resource = { type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configEntries: positionConfig };
    try {
      await admin.alterConfigs({ validateOnly: false, resources: [resource] });
    } catch (error) {
      log(`${topic} keeps more history than the replay needs: ${String(error)}`);
    }
  } else {
    const created = { topic, numPartitions: 1, configEntries: positionConfig };
    await admin.createTopics({ topics: [created], waitForLeaders: false });
    await untilLed(admin, [topic], AbortSignal.any([signal, AbortSignal.timeout(deadline)])).catch(
      (error) => {
        if (!signal.aborted) throw error;
      },
    );
  }
};
