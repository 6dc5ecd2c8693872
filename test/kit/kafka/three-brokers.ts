import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LocalBroker, startBroker } from '../../../local/kafka/index.ts';
import { freePort } from '../../../local/ports.ts';

export interface ThreeBrokers extends AsyncDisposable {
  /** Bootstrap servers, also of those that were killed. */
  readonly addresses: readonly string[];
  /** Kills the broker with this id, 1 to 3, as a crash would. */
  kill(nodeId: number): Promise<void>;
  /** Starts it again, with the data that it had. */
  start(nodeId: number): Promise<void>;
}

/** A cluster of three brokers, of which any two are a quorum. */
export const startThreeBrokers = async (): Promise<ThreeBrokers> => {
  const directory = await mkdtemp(join(tmpdir(), 'tributary-brokers-'));
  const controllerPorts = [await freePort(), await freePort(), await freePort()];
  const voters = controllerPorts.map((port, index) => `${index + 1}@127.0.0.1:${port}`);
  // Kafka's ids are UUIDs in URL-safe Base64.
  const id = Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url');
  // Kafka's tool takes an argument that begins so for an option.
  const clusterId = id.replace(/^-/, '_');
  const brokers = new Map<number, LocalBroker>();
  const start = async (nodeId: number): Promise<void> => {
    const controllerPort = controllerPorts[nodeId - 1] ?? 0;
    const options = { directory: join(directory, String(nodeId)), nodeId, controllerPort, voters, clusterId };
    brokers.set(nodeId, await startBroker(options));
  };
  await Promise.all([1, 2, 3].map(start));
  return {
    addresses: [...brokers.values()].map((broker) => broker.brokers),
    start,
    kill: async (nodeId) => brokers.get(nodeId)?.kill(),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...brokers.values()].map((broker) => broker.kill()));
      await rm(directory, { recursive: true, force: true });
    },
  };
};
