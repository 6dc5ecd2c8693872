import { LatencyProbe } from './latency.ts';
import { type Measure, told } from './measure.ts';
import { restoreTimes } from './restore.ts';
import { slowReader } from './slow-reader.ts';
import { stoppedSnapshot } from './stopped-snapshot.ts';
import { type Bounds, VolumeSystem } from './system.ts';

/** Snapshots to clients that stop, replay to one that is slow, and restarts with a view in either store. */
export const parts = ['snapshot', 'replay', 'sqlite', 'redis'] as const;
export type Part = (typeof parts)[number];

export interface VolumeOptions {
  readonly brokers: string;
  /** Null: without the part about Redis. */
  readonly redis: string | null;
  /** Which parts run. */
  readonly only: ReadonlySet<Part>;
  readonly rows: number;
  readonly records: number;
  /** Of each measurement of the delay. */
  readonly seconds: number;
  readonly stallMs: number;
  /** In which the slow reader is to be through. */
  readonly slowSeconds: number;
  readonly bounds: Bounds;
  /** Is told of each part as it begins. */
  readonly tell: (line: string) => void;
}

const liveClients = 8;
/** Of an event on the wire: the record, its place and its cursor. */
const wireBytes = 560;

export const runVolume = async (options: VolumeOptions): Promise<Measure[]> => {
  const { rows, records, tell, redis, only } = options;
  await using system = await VolumeSystem.create(options);
  tell(`filling a topic of ${rows} rows and one of ${records} records`);
  const filled =
    (await system.topics.fill(system.graph.rows, rows)) +
    (await system.topics.fill(system.graph.events, records));
  tell('building the view, and starting the gateway');
  const built = await system.startSubgraph();
  await system.startGateway();
  const measures: Measure[] = [
    told('filling the topics, for a million records', (filled / (rows + records)) * 1e6, 's'),
  ];
  if (only.has('snapshot')) {
    tell('a snapshot to clients that stop reading');
    const probe = new LatencyProbe(system.topics, system.graph.ticks, system.url, liveClients);
    measures.push(...(await stoppedSnapshot({ system, probe, rows, seconds: options.seconds })));
    probe.close();
  }
  if (only.has('replay')) {
    tell('an event topic from its beginning to a client that reads slowly');
    measures.push(...(await slowReader(system, records, (records * wireBytes) / options.slowSeconds)));
  }
  if (only.has('sqlite')) {
    tell('the subgraph again, after kill -9');
    measures.push(...(await restoreTimes(system, 'SQLite', {}, built, rows)));
  }
  await system.subgraph.stop();
  if (!only.has('redis')) return measures;
  if (redis === null) return [...measures, told('Redis is not there: its part was left out', 0)];
  tell('the same view in Redis');
  const environment = { TRIBUTARY_REDIS_URL: redis };
  const builtInRedis = await system.startSubgraph(environment);
  measures.push(...(await restoreTimes(system, 'Redis', environment, builtInRedis, rows)));
  return measures;
};
