import { type Sample, tributary } from './workload.ts';

/** What `--json` prints, a line each. */
export interface Figure {
  readonly workload: string;
  readonly metric: string;
  /** Tributary's, the median of all runs. */
  readonly value: number;
  /** The lowest and the highest of the runs. */
  readonly spread: readonly [number, number];
  /** The peer; null when there is none. */
  readonly against: string | null;
  /** Tributary's value by the peer's: the median of what the runs gave, each measured side by side. */
  readonly ratio: number | null;
}

/** One figure for each metric and peer; one without a peer for a metric that only Tributary has. */
export const figuresOf = (workload: string, runs: readonly (readonly Sample[])[]): Figure[] => {
  const metrics = new Set(runs.flat().map(({ metric }) => metric));
  return [...metrics].flatMap((metric): Figure[] => {
    const values = valuesOf(runs, metric, tributary);
    if (values.length === 0) return [];
    const own = {
      workload,
      metric,
      value: rounded(median(values)),
      spread: [rounded(Math.min(...values)), rounded(Math.max(...values))] as const,
    };
    const peers = new Set(
      runs
        .flat()
        .filter((sample) => sample.metric === metric && sample.subject !== tributary)
        .map(({ subject }) => subject),
    );
    if (peers.size === 0) return [{ ...own, against: null, ratio: null }];
    return [...peers].map((against) => ({
      ...own,
      against,
      ratio: ratioOf(runs, metric, against),
    }));
  });
};

const valuesOf = (runs: readonly (readonly Sample[])[], metric: string, subject: string): number[] =>
  runs
    .flat()
    .filter((sample) => sample.metric === metric && sample.subject === subject)
    .map(({ value }) => value);

/** Null where no run took the peer so much that it can be told: CPU of other processes is known to 10 ms. */
const ratioOf = (runs: readonly (readonly Sample[])[], metric: string, peer: string): number | null => {
  const ratios = ratiosOf(runs, metric, peer);
  return ratios.length === 0 ? null : rounded(median(ratios));
};

const ratiosOf = (runs: readonly (readonly Sample[])[], metric: string, peer: string): number[] =>
  runs.flatMap((run) => {
    const [own] = valuesOf([run], metric, tributary);
    const [other] = valuesOf([run], metric, peer);
    return own === undefined || other === undefined || other === 0 ? [] : [own / other];
  });

/** Of an even number of values the mean of the middle two; NaN of none. */
export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN;
  return (lower + upper) / 2;
};

/** The value below which `share` of all values lie; NaN of none. */
export const percentile = (values: readonly number[] | Float64Array, share: number): number => {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
};

/** Three digits are more than a run can tell. */
const rounded = (value: number): number => Number(value.toPrecision(3));
