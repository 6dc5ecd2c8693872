import { operations } from './graph.ts';
import { bounded, type Measure, told } from './measure.ts';
import { Peak } from './memory.ts';
import { openStream, type Received } from './streams.ts';
import type { VolumeSystem } from './system.ts';

/** How often the reader looks whether it may read on. */
const tickMs = 20;

/** One client reads all that an event topic holds, `bytesPerSecond` at a time. */
export const slowReader = async (
  system: VolumeSystem,
  records: number,
  bytesPerSecond: number,
): Promise<Measure[]> => {
  const gateway = new Peak(() => system.gateway.rss);
  const subgraph = new Peak(() => system.subgraph.rss);
  const began = performance.now();
  const order = new OffsetOrder();
  const all = Promise.withResolvers<void>();
  const stream = openStream('ws', {
    url: system.url,
    query: operations.events,
    take: ({ at }) => {
      order.take(at);
      if (order.count === records) all.resolve();
    },
    ended: (how) => all.reject(new Error(`the slow reader was cut off after ${order.count} records: ${how}`)),
  });
  const throttle = setInterval(() => {
    const allowed = ((performance.now() - began) / 1_000) * bytesPerSecond;
    if (stream.bytes > allowed) stream.pause();
    else stream.resume();
  }, tickMs);
  try {
    await all.promise;
  } finally {
    clearInterval(throttle);
    stream.close();
  }
  const seconds = (performance.now() - began) / 1_000;
  const { bounds } = system;
  return [
    told('slow reader: records', order.count),
    told('slow reader: megabytes read', stream.bytes / 1024 / 1024, 'MB'),
    told('slow reader: time', seconds, 's'),
    bounded('slow reader: records that came out of order, or twice', order.faults, '', 0),
    told('gateway: resident memory before', gateway.base, 'MB'),
    bounded('gateway: its peak above that', gateway.stop() - gateway.base, 'MB', bounds.gatewayMegabytes),
    told('subgraph: resident memory before', subgraph.base, 'MB'),
    bounded('subgraph: its peak above that', subgraph.stop() - subgraph.base, 'MB', bounds.subgraphMegabytes),
  ];
};

/** Nothing but the filling wrote to the topic, so each partition's offsets come without a gap, from 0. */
class OffsetOrder {
  readonly #next = new Map<number, number>();
  count = 0;
  faults = 0;

  take(at: Received['at']): void {
    const [partition, offset] = at ?? [-1, -1];
    if (offset !== (this.#next.get(partition) ?? 0)) this.faults++;
    this.#next.set(partition, offset + 1);
    this.count++;
  }
}
