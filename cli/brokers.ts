import { join } from 'node:path';
import { readRunning } from '../local/kafka/index.ts';
import type { Configuration } from './configuration/configuration.ts';

/** Where the broker of `tributary dev` keeps its data. */
export const brokerDirectory = ({ data }: Configuration): string => join(data, 'broker');

/** The brokers of the configuration, else the one that `tributary dev` runs with the same data now; null for none. */
export const knownBrokers = async (configuration: Configuration): Promise<readonly string[] | null> => {
  if (configuration.kafka.brokers !== null) return configuration.kafka.brokers;
  const running = await readRunning(brokerDirectory(configuration));
  return running === null ? null : [`127.0.0.1:${running.port}`];
};

/** The brokers of the topic for the gateway's usage; null for none. */
export const usageBrokers = async (configuration: Configuration): Promise<readonly string[] | null> =>
  configuration.gateway.usage.brokers ?? (await knownBrokers(configuration));
