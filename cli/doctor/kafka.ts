import { pino } from 'pino';
import { askCluster } from '../../local/kafka/index.ts';
import { describeSubgraph, TributaryError } from '../../schema/index.ts';
import { ensureTopics } from '../../subgraphs/kit/kafka/admin.ts';
import { TopicCatalog } from '../../subgraphs/kit/kafka/topic-catalog.ts';
import type { Configuration, LocalSubgraph } from '../configuration/configuration.ts';
import { readSources } from '../subgraph-folder.ts';
import { bad, type Check, type Finding, good, messageOf, skipped } from './check.ts';

/** Each broker answers. `brokers` null: none is known. */
export const brokerChecks = (brokers: readonly string[] | null): readonly Check[] =>
  brokers === null
    ? [
        {
          name: 'kafka',
          run: async () =>
            bad(
              'no broker is named, and none of "tributary dev" runs',
              'Set KAFKA_BROKERS, or run: tributary dev',
            ),
        },
      ]
    : brokers.map((broker) => ({
        name: 'kafka',
        run: async () => {
          const [, host = '', port = ''] = /^\[?(.+?)\]?:(\d+)$/.exec(broker) ?? [];
          try {
            const { clusterId, brokers: ids } = await askCluster(host, Number(port), 5_000);
            return good(
              `${broker} answers: cluster ${clusterId}, ${ids.length} broker${ids.length === 1 ? '' : 's'}`,
            );
          } catch (error) {
            return bad(
              `${broker} does not answer: ${messageOf(error)}`,
              'Check the address, and that the cluster runs.',
            );
          }
        },
      }));

/** The topics of each subgraph with a folder are there, as its SDL declares them. */
export const topicChecks = (
  configuration: Configuration,
  brokers: readonly string[] | null,
): readonly Check[] =>
  configuration.subgraphs
    .filter((subgraph) => subgraph.kind === 'LOCAL')
    .map((subgraph) => ({ name: `topics of ${subgraph.name}`, run: () => checkTopics(subgraph, brokers) }));

/** The topic for the gateway's usage is there. `topic` null: there is none to look for. */
export const usageChecks = (topic: string | null, brokers: readonly string[] | null): readonly Check[] =>
  topic === null ? [] : [{ name: 'usage', run: () => checkUsage(topic, brokers) }];

const checkUsage = async (topic: string, brokers: readonly string[] | null): Promise<Finding> => {
  if (brokers === null) return bad(`no broker is named for the topic ${topic}`, 'Set KAFKA_BROKERS.');
  const catalog = new TopicCatalog({ brokers, clientId: 'tributary-doctor' });
  try {
    const { partitions } = await catalog.find(topic);
    return good(`topic ${topic}, ${partitions} partition${partitions === 1 ? '' : 's'}`);
  } catch (error) {
    const isMissing = error instanceof TributaryError && error.code === 'RECORD_REFUSED';
    return isMissing
      ? bad(
          `there is no topic ${topic}`,
          'Create it, or correct gateway.usage.topic: usage is lost meanwhile.',
        )
      : bad(messageOf(error), 'Check its brokers, gateway.usage.brokers, and that the cluster runs.');
  } finally {
    catalog.close();
  }
};

const checkTopics = async (subgraph: LocalSubgraph, brokers: readonly string[] | null) => {
  try {
    const { description } = describeSubgraph(readSources(subgraph.directory));
    const names = description.topics.map(({ name }) => name);
    if (names.length === 0) return skipped('it declares none');
    if (brokers === null) return skipped('no broker to ask');
    await ensureTopics({
      brokers,
      clientId: 'tributary-doctor',
      topics: description.topics,
      create: false,
      replication: -1,
      log: pino({ level: 'silent' }),
    });
    return good(names.join(', '));
  } catch (error) {
    return bad(messageOf(error), cureOf(error, subgraph));
  }
};

/** The messages have their own cures; this adds what is near at hand. */
const cureOf = (error: unknown, { directory }: LocalSubgraph): string => {
  const code = error instanceof TributaryError ? error.code : null;
  if (code === 'KAFKA_UNAVAILABLE') return 'Look at kafka above.';
  if (code === 'TOPIC_MISMATCH')
    return `Missing ones are made by: tributary subgraph ${directory} --create-topics`;
  return 'Correct it, then ask again.';
};
