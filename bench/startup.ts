import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kafka, logLevel, Partitioners } from 'kafkajs';
import { startBroker } from '../local/kafka/index.ts';
import { freePort } from '../local/ports.ts';
import { startCommand } from './processes/command.ts';
import { shrunk, tributary, type Workload } from './workload.ts';

const rowsSdl = (topic: string): string => `
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
  @link(url: "https://tributary.dev/kafka/v1.0", import: ["@topic", "@view"])

type Row @key(fields: "id") @topic(name: "${topic}", key: "id", cleanup: COMPACT, partitions: 3) {
  id: ID!
  text: String!
}

type Query {
  row(id: ID!): Row @view
}
`;

const perSend = 5_000;
const text = 'x'.repeat(200);

/** Seconds until a subgraph is ready whose view holds many rows: read from Kafka first, then found in its file. */
export const startup: Workload = {
  name: 'startup',
  about: 'seconds until a subgraph is ready: its view built from the topic, and again from the file',
  open: async (options, stack) => {
    const directory = await mkdtemp(join(tmpdir(), 'tributary-bench-'));
    stack.defer(() => rm(directory, { recursive: true, force: true }));
    let { brokers } = options;
    if (brokers === null) {
      const broker = await startBroker({ directory: join(directory, 'broker') });
      stack.defer(() => broker.kill());
      brokers = broker.brokers;
    }
    const topic = `bench.rows.${randomBytes(6).toString('hex')}`;
    await mkdir(join(directory, 'rows'));
    await writeFile(join(directory, 'rows', 'rows.graphql'), rowsSdl(topic));
    const rows = shrunk(options.rows, options, 100);
    const start = async (data: string): Promise<number> => {
      const port = await freePort();
      const began = performance.now();
      const argv = ['subgraph', join(directory, 'rows'), '--create-topics', '--brokers', brokers];
      await using _ = await startCommand(
        [...argv, '--port', String(port), '--data', join(directory, data)],
        `http://127.0.0.1:${port}/health/ready`,
      );
      return (performance.now() - began) / 1000;
    };
    await start('none');
    await produce(brokers, topic, rows);
    let run = 0;
    return async () => {
      const data = `data-${run++}`;
      const built = await start(data);
      const found = await start(data);
      await rm(join(directory, data), { recursive: true, force: true });
      return [
        { metric: 'build_s', subject: tributary, value: built },
        { metric: 'restore_s', subject: tributary, value: found },
      ];
    };
  },
};

const produce = async (brokers: string, topic: string, rows: number): Promise<void> => {
  const kafka = new Kafka({ clientId: 'bench', brokers: brokers.split(','), logLevel: logLevel.ERROR });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  for (let first = 0; first < rows; first += perSend) {
    const messages = Array.from({ length: Math.min(perSend, rows - first) }, (_, index) => ({
      key: `r${first + index}`,
      value: JSON.stringify({ id: `r${first + index}`, text }),
    }));
    await producer.send({ topic, acks: -1, messages });
  }
  await producer.disconnect();
};
