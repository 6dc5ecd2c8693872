/**
 * The fault run: a whole system on a real Kafka of three brokers, killed and stopped piece by piece while clients listen;
 * then a checker judges what came against what the topics hold. docs/testing/fault-run.md has the rest.
 *
 *   npm run test:faults -- --minutes 10 --seed 1
 *   npm run test:faults -- --short               what npm test runs: each kind of fault once, in about a minute
 *   npm run test:faults -- --minutes 0           no faults
 *   npm run test:faults -- --storm               no faults, but 1,000 clients that are cut off at once
 *
 * The exit code is 0 only when nothing was lost, doubled, disordered or wrong, and every client was up to date.
 */
import { parseArgs } from 'node:util';
import { faultRun, type RunOptions } from './run.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string' },
    short: { type: 'boolean', default: false },
    storm: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    only: { type: 'string' },
    clients: { type: 'string' },
    rate: { type: 'string' },
  },
});
const told = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => told.abort(new Error(`ended by ${signal}`)));
}

const number = (text: string | undefined, fallback: number): number => {
  const value = text === undefined ? fallback : Number(text);
  if (!Number.isFinite(value) || value < 0) throw new Error(`"${text}" is no number. Give one from 0 on.`);
  return value;
};

const long: Omit<RunOptions, 'seed' | 'signal' | 'keep' | 'only'> = {
  clients: 200,
  clientProcesses: 2,
  storm: false,
  rate: 120,
  faultsMs: number(values.minutes, 10) * 60_000,
  once: false,
  every: [11_000, 17_000],
  stopMs: 20_000,
  awayMs: [1_000, 6_000],
  calmMs: 3_000,
  catchUpSeconds: 120,
};
const short: typeof long = {
  ...long,
  clients: 60,
  rate: 80,
  faultsMs: 60_000,
  once: true,
  every: [1_000, 1_700],
  stopMs: 7_000,
  awayMs: [500, 1_500],
  calmMs: 1_000,
};
const stormy: typeof long = { ...long, storm: true, clients: 1_000, rate: 60, calmMs: 10_000 };
const form = values.storm ? stormy : values.short ? short : long;
const options: RunOptions = {
  ...form,
  seed: number(values.seed, Math.floor(Math.random() * 1e9)),
  clients: number(values.clients, form.clients),
  rate: number(values.rate, form.rate),
  keep: values.keep,
  only: values.only?.split(',') ?? null,
  signal: told.signal,
};

const code = await faultRun(options).catch((error: unknown) => {
  console.error(told.signal.aborted ? told.signal.reason.message : error);
  return 1;
});
// Sends that Kafka will never answer would keep the process for as long as their retries last.
process.exit(code);
