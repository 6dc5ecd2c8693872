/**
 * A replica of a subgraph as a process, to be killed: its argument is JSON with `sdl`, `brokers`, `redis` and
 * `directory`. Prints its URL when it is ready.
 */
import { pino } from 'pino';
import { startSubgraph } from '../../../subgraphs/kit/index.ts';

const { sdl, brokers, redis, directory } = JSON.parse(process.argv[2] ?? '{}') as Record<
  'sdl' | 'brokers' | 'redis' | 'directory',
  string
>;
const subgraph = await startSubgraph({
  name: 'things',
  sources: [{ file: 'things.graphql', text: sdl }],
  kafka: { brokers: brokers.split(','), clientId: 'replica' },
  host: '127.0.0.1',
  port: 0,
  dataDirectory: directory,
  views: { redis },
  createTopics: true,
  replication: 1,
  log: pino({ level: process.env.TRIBUTARY_LOG_LEVEL ?? 'silent' }),
});
await subgraph.ready;
process.stdout.write(`${subgraph.url}\n`);
