import { rm, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../ports.ts';
import { identityOf, isPortFree, type ProcessIdentity } from '../supervisor/index.ts';
import { exitedEarly, portInUse, silent } from './failures.ts';
import {
  exitOf,
  formatStorage,
  type JavaProgram,
  loggingFile,
  settingsFile,
  spawnBroker,
} from './java-process.ts';
import { type LocalBroker, localBroker } from './local-broker.ts';
import { type NodeState, readState, writeRunning, writeState } from './node-state.ts';
import { askCluster } from './probe.ts';
import { dataDirectory, loggingProperties, serverProperties } from './properties.ts';

export interface NodeOptions {
  /** Port on 127.0.0.1. Default: that of the last start if free, else any free one. */
  readonly port?: number | undefined;
  /** Default 1. */
  readonly nodeId?: number | undefined;
  /** Port of the controller on 127.0.0.1. Default as for `port`; a cluster of several nodes has to name it. */
  readonly controllerPort?: number | undefined;
  /** Controllers of the whole cluster as `id@host:port`. Default: this node alone. */
  readonly voters?: readonly string[] | undefined;
  /** Id of a cluster of several nodes, the same for all. Default: made at the first start, then kept. */
  readonly clusterId?: string | undefined;
  /** How long the broker may take until it answers. Default 60,000. */
  readonly timeoutMs?: number | undefined;
  /** Aborting ends what was started and rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((line: string) => void) | undefined;
}

/** Writes the settings, formats the data folder at the first start, starts the broker and waits until it answers. */
export async function launch(program: JavaProgram, options: NodeOptions): Promise<LocalBroker> {
  const { directory } = program;
  const state = await readState(directory);
  const port = await choosePort(options.port, state.port);
  const controllerPort = await choosePort(options.controllerPort, state.controllerPort);
  const { nodeId = 1, voters = [`${nodeId}@127.0.0.1:${controllerPort}`] } = options;
  await writeFile(
    settingsFile(directory),
    serverProperties({ nodeId, directory, port, controllerPort, voters }),
  );
  await writeFile(loggingFile(directory), loggingProperties(directory));
  const next = { ...state, clusterId: options.clusterId ?? state.clusterId, port, controllerPort };
  if (!state.formatted) await format(program, next);
  await writeState(directory, { ...next, formatted: true });
  options.onProgress?.(`starting Kafka on 127.0.0.1:${port}`);
  const broker = await untilReady(program, port, options);
  options.onProgress?.(`Kafka answers on 127.0.0.1:${port}`);
  return broker;
}

/** The identity of this process, for the broker's directory: while it lives nobody else takes the broker over. */
export function ourselves(): ProcessIdentity {
  return identityOf(process.pid) ?? { pid: process.pid, startTime: '' };
}

async function choosePort(asked: number | undefined, last: number | undefined): Promise<number> {
  if (asked === undefined) {
    return last !== undefined && (await isPortFree('127.0.0.1', last)) ? last : freePort();
  }
  if (await isPortFree('127.0.0.1', asked)) return asked;
  throw portInUse(asked);
}

/** From nothing: what an interrupted format left is no data. */
async function format(program: JavaProgram, state: NodeState & { readonly port: number }): Promise<void> {
  await rm(dataDirectory(program.directory), { recursive: true, force: true });
  await writeState(program.directory, state);
  const { code } = await formatStorage(program, state.clusterId);
  if (code !== 0) throw await exitedEarly(program.directory, `format ended with ${code}`, state.port);
}

async function untilReady(program: JavaProgram, port: number, options: NodeOptions): Promise<LocalBroker> {
  const { directory } = program;
  const { timeoutMs = 60_000, signal } = options;
  signal?.throwIfAborted();
  const child = await spawnBroker(program);
  const exit = exitOf(child);
  const identity = child.pid === undefined ? null : identityOf(child.pid);
  if (identity === null) throw await exitedEarly(directory, describe(await exit), port);
  await writeRunning(directory, { broker: identity, owner: ourselves(), port });
  const broker = localBroker(directory, identity, port);
  const deadline = Date.now() + timeoutMs;
  while (Date.now() < deadline) {
    if (signal?.aborted === true) {
      await broker.kill();
      throw signal.reason;
    }
    const answer = await askCluster('127.0.0.1', port, 2_000).catch(() => null);
    // Looked at after the answer: another process's broker may have taken the port, and answers instead of ours.
    if (identityOf(identity.pid) === null) throw await exitedEarly(directory, describe(await exit), port);
    if (answer !== null) return broker;
    await delay(50);
  }
  await broker.kill();
  throw await silent(directory, port, timeoutMs);
}

const describe = ({ code, signal }: { code: number | null; signal: NodeJS.Signals | null }): string =>
  signal === null ? `exit code ${code ?? 'unknown'}` : `killed by ${signal}`;
