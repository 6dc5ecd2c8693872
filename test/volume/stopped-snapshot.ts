import { setTimeout as pause } from 'node:timers/promises';
import type { LatencyProbe } from './latency.ts';
import { bounded, type Measure, told } from './measure.ts';
import { Peak } from './memory.ts';
import { SnapshotClient } from './snapshot-client.ts';
import type { VolumeSystem } from './system.ts';

/** The client stops when it has read so many rows: in the middle of the snapshot, behind what its socket buffers. */
const readBeforeStop = 1_000;
/** Every so manyth row changes while the clients stand still, and the one behind it is deleted. */
const changeStep = 97;

export interface StoppedSnapshotOptions {
  readonly system: VolumeSystem;
  readonly probe: LatencyProbe;
  readonly rows: number;
  /** Of each measurement of the delay. */
  readonly seconds: number;
}

/**
 * Two clients ask for the snapshot, over ws and SSE, and stop reading in its middle. Others must not notice, memory must
 * not grow with the snapshot, and the clients are ended as slow ones; when they come back with their cursors they get
 * the rest.
 */
export const stoppedSnapshot = async (options: StoppedSnapshotOptions): Promise<Measure[]> => {
  const { system, probe, rows, seconds } = options;
  const before = await probe.during(seconds);
  const gateway = new Peak(() => system.gateway.rss);
  const subgraph = new Peak(() => system.subgraph.rss);
  const slowBefore = await system.slowClients();
  const clients = [new SnapshotClient(system.url, 'ws'), new SnapshotClient(system.url, 'SSE')];
  const connections = clients.map((client) => client.connect());
  const standing = (async () => {
    await Promise.all(clients.map((client) => client.readOnly(readBeforeStop)));
    while ((await system.slowClients()) < slowBefore + clients.length) await pause(200);
  })();
  const during = await probe.during(seconds, standing);
  await system.topics.change(system.graph.rows, rows, changeStep);
  const truth = await system.topics.fold(system.graph.rows);
  const stopped = clients.map(({ counts }) => counts.SNAPSHOT);
  const returning = Promise.all(
    clients.map(async (client, index) => {
      client.goOn();
      await connections[index]?.ended;
      client.connect();
      await client.holdsExactly(truth);
    }),
  );
  const after = await probe.during(0, returning);
  for (const client of clients) client.close();
  const { bounds } = system;
  return [
    told('p99 delay of a live event before the snapshot', before.p99, 'ms'),
    told('the same while two clients stand still in it', during.p99, 'ms'),
    bounded(
      'ratio of the two',
      during.p99 / before.p99,
      '×',
      Math.max(bounds.delayRatio, (before.p99 + bounds.delayMs) / before.p99),
    ),
    // Their events are parsed by the process that measures, which counts as delay.
    told('p99 while both read the rest at full speed, in the same process', after.p99, 'ms'),
    ...clients.flatMap((client, index) => ofClient(client, stopped[index] ?? 0, rows)),
    told('gateway: resident memory before', gateway.base, 'MB'),
    bounded('gateway: its peak above that', gateway.stop() - gateway.base, 'MB', bounds.gatewayMegabytes),
    told('subgraph: resident memory before', subgraph.base, 'MB'),
    bounded('subgraph: its peak above that', subgraph.stop() - subgraph.base, 'MB', bounds.subgraphMegabytes),
  ];
};

/** The state was judged already: without the rest of the snapshot the client would still be waited for. */
const ofClient = ({ transport, counts }: SnapshotClient, stopped: number, rows: number): Measure[] => [
  told(`${transport}: rows that the client had when it was ended`, stopped),
  told(`${transport}: rows of the snapshot that came behind its cursor`, counts.SNAPSHOT - stopped),
  bounded(`${transport}: rows of the snapshot in all`, counts.SNAPSHOT, '', rows),
  bounded(`${transport}: keys that went back, or came twice`, counts.backwards, '', 0),
  bounded(`${transport}: times that it had to begin again`, counts.RESET - 1, '', 0),
];
