/**
 * A replica that serves counters, as a process to be killed: its argument is JSON with `topic`, `brokers`, `directory`,
 * `redis` (null: views in files), and `dies`: kill itself with SIGKILL when Kafka has acknowledged an `add`, before it
 * answers. Prints its URL when it is ready.
 */
import { pino } from 'pino';
import { startSubgraph } from '../../../subgraphs/kit/index.ts';
import { counterResolvers, countersSdl } from './counters.ts';

export interface CounterProcessOptions {
  readonly topic: string;
  readonly brokers: string;
  readonly directory: string;
  readonly redis: string | null;
  readonly dies: boolean;
}

const { topic, brokers, directory, redis, dies } = JSON.parse(process.argv[2] ?? '') as CounterProcessOptions;
const die = async (): Promise<void> => {
  process.kill(process.pid, 'SIGKILL');
  await new Promise<never>(() => undefined);
};
const subgraph = await startSubgraph({
  name: 'counters',
  sources: [{ file: 'counters.graphql', text: countersSdl(topic) }],
  resolvers: counterResolvers(dies ? die : undefined),
  kafka: { brokers: brokers.split(','), clientId: 'counters' },
  host: '127.0.0.1',
  port: 0,
  dataDirectory: directory,
  ...(redis === null ? {} : { views: { redis } }),
  createTopics: true,
  replication: 1,
  log: pino({ level: process.env.TRIBUTARY_LOG_LEVEL ?? 'silent' }),
});
await subgraph.ready;
process.stdout.write(`${subgraph.url}\n`);
