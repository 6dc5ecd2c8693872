import { fanouts } from './fanout/fanout.ts';
import { executorJoin } from './query/executor-join.ts';
import { httpQueries } from './query/http.ts';
import type { Workload } from './workload.ts';

/** Everything that can be measured, in the order in which it is. */
export const workloads: readonly Workload[] = [...fanouts, executorJoin, ...httpQueries];
