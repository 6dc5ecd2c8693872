import { fanouts } from './fanout/fanout.ts';
import { filters } from './fanout/filter.ts';
import { memory } from './fanout/memory.ts';
import { latency, rate, slowJoins } from './fanout/streams.ts';
import { executorJoin } from './query/executor-join.ts';
import { httpQueries } from './query/http.ts';
import { startup } from './startup.ts';
import type { Workload } from './workload.ts';

/** Everything that can be measured, in the order in which it is. */
export const workloads: readonly Workload[] = [
  ...[...fanouts, ...filters, latency, rate, ...slowJoins, memory],
  ...[executorJoin, ...httpQueries, startup],
];
