import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { portOwner } from '../../local/supervisor/index.ts';
import { type BenchOptions, profiling } from '../workload.ts';
import { startCommand } from './command.ts';

const root = join(import.meta.dirname, '..', '..');

export interface Gateway {
  /** Of GraphQL over HTTP; websockets are at the same path. */
  readonly url: string;
  readonly pid: number;
}

/** `tributary gateway`, as in production, with all of its workers. */
export const ownGateway = async (
  { configuration, port }: { readonly configuration: string; readonly port: number },
  options: BenchOptions,
  stack: AsyncDisposableStack,
  nodeOptions: readonly string[] = [],
): Promise<Gateway> => {
  const health = `http://127.0.0.1:${port}/health/ready`;
  const argv = ['gateway', '--config', configuration, '--workers', String(options.workers)];
  const { pid } = stack.use(await startCommand(argv, health, [...nodeOptions, ...profiling(options)]));
  // The first is ready before the others start, and would get all clients.
  while ((await readyWorkers(health)) < options.workers) await delay(100);
  return { url: `http://127.0.0.1:${port}/graphql`, pid };
};

/** The same of a configuration, whose supergraph is composed and written beside it. */
export const gatewayAt = async (
  url: string,
  configuration: string,
  options: BenchOptions,
): Promise<Gateway> => {
  const supergraph = join(configuration, '..', 'supergraph.graphql');
  await promisify(execFile)(
    process.execPath,
    [join(root, 'cli/main.ts'), 'compose', '--config', configuration, '--out', supergraph],
    { cwd: root },
  );
  return gatewayOver(supergraph, url, options);
};

/** A gateway that somebody else starts over the supergraph in a file; on this machine, so that its CPU can be read. */
export const gatewayOver = async (
  supergraph: string,
  url: string,
  { progress }: BenchOptions,
): Promise<Gateway> => {
  progress(`waiting for a gateway at ${url} over ${supergraph}`);
  while (!(await executes(url))) await delay(500);
  const pid = portOwner(portOf(new URL(url)))?.pid;
  if (pid === undefined) throw new Error(`Who listens at ${url} is not known: its CPU cannot be measured.`);
  return { url, pid };
};

const readyWorkers = async (health: string): Promise<number> => {
  const response = await fetch(health, { signal: AbortSignal.timeout(2_000) });
  const { worker } = (await response.json()) as { worker?: { ready: number } };
  return worker?.ready ?? 1;
};

const portOf = ({ port, protocol }: URL): number =>
  port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);

/** One of an earlier workload may still be there, whose subgraphs are gone: a field that each of the graphs has tells. */
const executes = async (url: string): Promise<boolean> => {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ top(first: 1) { upc } }' }),
      signal: AbortSignal.timeout(2_000),
    });
    const answer = (await response.json()) as { data?: { top?: unknown } | null };
    return Array.isArray(answer.data?.top);
  } catch {
    return false;
  }
};
