import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Kafka, logLevel } from 'kafkajs';
import { expect, onTestFinished, test } from 'vitest';
import {
  askCluster,
  type BrokerOptions,
  endAbandoned,
  type LocalBroker,
  startBroker,
} from '../../local/kafka/index.ts';
import { freePort } from '../../local/ports.ts';
import { identityOf } from '../../local/supervisor/index.ts';
import { createTopics } from '../support/kafka.ts';
import { brokerDirectory } from '../support/run-directory.ts';

test('a second start in the same directory has the same data, cluster id and port', {
  timeout: 120_000,
}, async () => {
  const directory = await emptyDirectory();
  const first = await start({ directory });
  const { clusterId } = await askCluster('127.0.0.1', first.port, 5_000);
  await produceOne(first.brokers, 'kept');
  await first.stop();
  expect(identityOf(first.pid)).toBeNull();
  const second = await start({ directory });
  expect(second.port).toBe(first.port);
  expect(await askCluster('127.0.0.1', second.port, 5_000)).toEqual({ clusterId, brokers: [1] });
  expect(await endOffset(second.brokers, 'kept')).toBe('1');
  // A crash loses nothing that was acknowledged, and another port is no other cluster.
  await second.kill();
  const port = await freePort();
  const third = await start({ directory, port });
  expect(third.brokers).toBe(`127.0.0.1:${port}`);
  expect((await askCluster('127.0.0.1', port, 5_000)).clusterId).toBe(clusterId);
  expect(await endOffset(third.brokers, 'kept')).toBe('1');
});

test('a directory whose owner lives is refused; one whose owner was killed is taken over', async () => {
  const directory = await emptyDirectory();
  const script = join(import.meta.dirname, 'fixture-start-broker.ts');
  const owner = spawn(process.execPath, [script, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(createInterface(owner.stdout), 'line');
  const { pid, port } = JSON.parse(line) as { pid: number; port: number };
  onTestFinished(() => void endAbandoned(directory));
  await expect(startBroker({ directory })).rejects.toMatchObject({
    code: 'DIRECTORY_IN_USE',
    message: expect.stringMatching(
      new RegExp(`process ${pid}, port ${port}\\).+on behalf of process ${owner.pid}`),
    ),
  });
  expect(await endAbandoned(directory)).toBe(false);
  owner.kill('SIGKILL');
  await once(owner, 'exit');
  const taken = await start({ directory });
  expect({ pid: taken.pid, port: taken.port }).toEqual({ pid, port });
  await taken.stop();
  await taken.exited;
  expect(identityOf(pid)).toBeNull();
});

test('a port in use is named with its process and the cure', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await expect(startBroker({ directory: await emptyDirectory(), port })).rejects.toMatchObject({
    code: 'PORT_IN_USE',
    message: expect.stringMatching(
      new RegExp(`^Port ${port} .+ in use by process ${process.pid} .+ choose another port`),
    ),
  });
});

test('a broker that dies early shows the end of its log', async () => {
  const directory = await emptyDirectory();
  await (await start({ directory })).stop();
  await writeFile(join(directory, 'data', 'meta.properties'), 'version=1\ncluster.id=another\nnode.id=9\n');
  await expect(startBroker({ directory })).rejects.toMatchObject({
    code: 'BROKER_EXITED',
    message: expect.stringMatching(/did not start \(exit code 1\)[\s\S]+node id[\s\S]+broker\.log/i),
  });
});

test('a broker that does not answer in time is killed, and so is one whose start is aborted', async () => {
  const directory = await emptyDirectory();
  await expect(startBroker({ directory, timeoutMs: 1 })).rejects.toMatchObject({
    code: 'BROKER_SILENT',
    message: expect.stringContaining('did not answer within 0.001 s'),
  });
  expect(await endAbandoned(directory)).toBe(true);
  const controller = new AbortController();
  const onProgress = (line: string): void => {
    if (line.startsWith('starting')) controller.abort(new Error('Ctrl-C'));
  };
  await expect(startBroker({ directory, signal: controller.signal, onProgress })).rejects.toThrow('Ctrl-C');
});

async function emptyDirectory(): Promise<string> {
  const directory = await brokerDirectory();
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

async function start(options: BrokerOptions): Promise<LocalBroker> {
  const broker = await startBroker(options);
  onTestFinished(() => broker.kill());
  return broker;
}

const client = (brokers: string): Kafka => new Kafka({ brokers: [brokers], logLevel: logLevel.ERROR });

async function produceOne(brokers: string, topic: string): Promise<void> {
  const admin = client(brokers).admin();
  await createTopics(admin, [{ topic, numPartitions: 1 }]);
  await admin.disconnect();
  const producer = client(brokers).producer();
  await producer.connect();
  await producer.send({ topic, acks: -1, messages: [{ value: 'x' }] });
  await producer.disconnect();
}

async function endOffset(brokers: string, topic: string): Promise<string | undefined> {
  const admin = client(brokers).admin();
  await admin.connect();
  const [partition] = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  return partition?.high;
}
