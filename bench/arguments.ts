import { parseArgs } from 'node:util';

export interface BenchArguments {
  /** Names of workloads; empty: all. */
  readonly workloads: readonly string[];
  readonly runs: number;
  readonly json: boolean;
  readonly url: string | null;
  readonly brokers: string | null;
  readonly shrink: number;
  readonly rows: number;
  readonly profile: string | null;
  readonly workers: number;
  readonly help: boolean;
}

export const usage = `npm run bench -- [workload …] [options]

  --runs <n>            runs of each workload; their median is told, with the lowest and the highest. Default 3
  --json                one object a line instead of a table
  --brokers <host:port> a Kafka that runs already; default: a broker is started for the time
  --url <address>       another gateway over the same graph in Tributary's place; see docs/performance.md
  --shrink <n>          divide clients, events and time by n, for a quick look. Default 1
  --rows <n>            records that "startup" restores. Default 1,000,000
  --workers <n>         processes of Tributary's gateway; "memory-idle" is of one. Default 1
  --profile <folder>    write CPU profiles of Tributary's processes; node bench/profile.ts <folder> sums them up

Workloads:
`;

/** Reads the command line. Throws an Error that says what is wrong and what would be right. */
export const readArguments = (argv: readonly string[], known: readonly string[]): BenchArguments => {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      runs: { type: 'string' },
      json: { type: 'boolean' },
      url: { type: 'string' },
      brokers: { type: 'string' },
      shrink: { type: 'string' },
      rows: { type: 'string' },
      profile: { type: 'string' },
      workers: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const unknown = positionals.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new Error(`There is no workload "${unknown}". Workloads: ${known.join(', ')}.`);
  }
  if (values.url !== undefined && !URL.canParse(values.url)) {
    throw new Error(`--url is "${values.url}"; give an address such as http://127.0.0.1:4000/graphql.`);
  }
  if (values.url !== undefined && values.workers !== undefined) {
    throw new Error('--workers is for a gateway that the bench starts; with --url somebody else does.');
  }
  return {
    workloads: positionals,
    runs: positive('runs', values.runs, 3),
    json: values.json ?? false,
    url: values.url ?? null,
    brokers: values.brokers ?? null,
    shrink: positive('shrink', values.shrink, 1),
    profile: values.profile ?? null,
    workers: positive('workers', values.workers, 1),
    rows: positive('rows', values.rows, 1_000_000),
    help: values.help ?? false,
  };
};

const positive = (name: string, given: string | undefined, fallback: number): number => {
  if (given === undefined) return fallback;
  const value = Number(given);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`--${name} is "${given}"; it must be a whole number above 0.`);
};
