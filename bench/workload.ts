import { join } from 'node:path';

/** What one run of a workload found of one subject: Tributary, or a peer that did the same in the same run. */
export interface Sample {
  readonly metric: string;
  /** `tributary`, or the peer's name. */
  readonly subject: string;
  readonly value: number;
}

export const tributary = 'tributary';

/** What the command line says, for workloads that it concerns. */
export interface BenchOptions {
  /** Kafka to use, `host:port`; null starts a broker. */
  readonly brokers: string | null;
  /** Address of another gateway, to be measured in Tributary's place over the same graph. */
  readonly url: string | null;
  /** Clients, events and seconds are divided by this: for a look, and for tests. */
  readonly shrink: number;
  /** Records that the workload `startup` restores. */
  readonly rows: number;
  /** Folder for CPU profiles of what is measured of ours; null: none are made. They cost some speed. */
  readonly profile: string | null;
  /** Processes of Tributary's gateway. */
  readonly workers: number;
  /** Tells how far it is; not for standard output. */
  readonly progress: (line: string) => void;
}

/** A named workload. */
export interface Workload {
  readonly name: string;
  readonly about: string;
  /** Starts the processes it needs, which end with `stack`, and resolves with what makes one run. */
  readonly open: (options: BenchOptions, stack: AsyncDisposableStack) => Promise<() => Promise<Sample[]>>;
}

/** A number of clients, events or records as `shrink` leaves it; at least `minimum`. */
export const shrunk = (count: number, { shrink }: BenchOptions, minimum = 1): number =>
  Math.max(minimum, Math.round(count / shrink));

/** Options of Node for a process that may be profiled; `folder`: below that of the gateway's profiles. */
export const profiling = ({ profile }: BenchOptions, folder = ''): readonly string[] =>
  profile === null
    ? []
    : ['--cpu-prof', `--cpu-prof-dir=${join(profile, folder)}`, '--cpu-prof-interval=250'];
