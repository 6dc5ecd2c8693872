import type { ChildProcess } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { diskFullIn, requireSpace } from '../disk.ts';
import { LocalError } from '../error.ts';
import { withLock } from '../lock.ts';
import { freePort, isPortFree } from '../ports.ts';
import { identify, isAlive, type ProcessIdentity } from '../process-identity.ts';
import {
  exitOf,
  formatStorage,
  type JavaProgram,
  lastWords,
  loggingFile,
  settingsFile,
  spawnBroker,
} from './java-process.ts';
import { ensureLibraries, type LibraryOptions } from './libraries.ts';
import { type NodeState, readRunning, readState, writeRunning, writeState } from './node-state.ts';
import { askCluster } from './probe.ts';
import { dataDirectory, loggingProperties, serverProperties } from './properties.ts';
import { findJava } from './tools.ts';

export interface BrokerOptions extends LibraryOptions {
  /** Where data, settings and logs are kept. The same directory means the same cluster, records included. */
  readonly directory: string;
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
}

export interface LocalBroker {
  /** `127.0.0.1:port`, as clients take it. */
  readonly brokers: string;
  readonly port: number;
  readonly pid: number;
  readonly directory: string;
  /** Resolves when the broker has ended, for whatever reason. */
  readonly exited: Promise<void>;
  /** Ends it in order: data is flushed, the next start needs no recovery. Kills it after 20 s. */
  stop(): Promise<void>;
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
}

/**
 * Starts a real Kafka broker without Docker and resolves when it answers clients. A broker that a killed process left
 * behind in the directory is taken over as it is. The broker outlives this process unless stopped. Throws LocalError.
 */
export async function startBroker(options: BrokerOptions): Promise<LocalBroker> {
  const directory = resolve(options.directory);
  const libraries = await ensureLibraries(options);
  const java = await findJava(options.environment);
  await mkdir(directory, { recursive: true });
  return withLock(`${directory}/start.lock`, async () => {
    const left = await takeOver(directory, options.port);
    if (left !== null) return left;
    await requireSpace(directory);
    return launch({ java, libraries, directory }, options);
  });
}

/** A running broker whose owner died is ours now; one whose owner lives, or on another port than asked for, is not. */
async function takeOver(directory: string, port: number | undefined): Promise<LocalBroker | null> {
  const running = await readRunning(directory);
  if (running === null) return null;
  if (await isAlive(running.owner)) {
    throw new LocalError(
      'DIRECTORY_IN_USE',
      `A Kafka broker (pid ${running.broker.pid}, port ${running.port}) already runs in ${directory} for process ` +
        `${running.owner.pid}. Stop that process, or use another directory.`,
    );
  }
  const broker = handle(directory, running.broker, running.port);
  const answers = await askCluster('127.0.0.1', running.port, 5_000).catch(() => null);
  if (answers === null || (port !== undefined && port !== running.port)) {
    await broker.stop();
    return null;
  }
  await writeRunning(directory, { ...running, owner: await ourselves() });
  return broker;
}

async function launch(program: JavaProgram, options: BrokerOptions): Promise<LocalBroker> {
  const state = await readState(program.directory);
  const port = await choosePort(options.port, state.port);
  const controllerPort = await choosePort(options.controllerPort, state.controllerPort);
  const clusterId = options.clusterId ?? state.clusterId;
  await writeSettings(program.directory, { ...options, port, controllerPort });
  const next: NodeState = { clusterId, formatted: state.formatted, port, controllerPort };
  if (!next.formatted) await format(program, next);
  await writeState(program.directory, { ...next, formatted: true });
  options.onProgress?.(`starting Kafka on 127.0.0.1:${port}`);
  const child = await spawnBroker(program);
  const broker = await untilReady(child, program.directory, port, options.timeoutMs ?? 60_000);
  options.onProgress?.(`Kafka answers on 127.0.0.1:${port}`);
  return broker;
}

async function choosePort(asked: number | undefined, last: number | undefined): Promise<number> {
  if (asked === undefined) return last !== undefined && (await isPortFree(last)) ? last : freePort();
  if (await isPortFree(asked)) return asked;
  throw portInUse(asked);
}

async function writeSettings(
  directory: string,
  options: BrokerOptions & { readonly port: number; readonly controllerPort: number },
): Promise<void> {
  const { port, controllerPort, nodeId = 1 } = options;
  const voters = options.voters ?? [`${nodeId}@127.0.0.1:${controllerPort}`];
  await writeFile(
    settingsFile(directory),
    serverProperties({ nodeId, directory, port, controllerPort, voters }),
  );
  await writeFile(loggingFile(directory), loggingProperties(directory));
}

/** From nothing: what an interrupted format left is no data. */
async function format(program: JavaProgram, state: NodeState): Promise<void> {
  await rm(dataDirectory(program.directory), { recursive: true, force: true });
  await writeState(program.directory, state);
  const { code } = await formatStorage(program, state.clusterId);
  if (code !== 0) throw await exitedEarly(program.directory, `format ended with ${code}`);
}

async function untilReady(
  child: ChildProcess,
  directory: string,
  port: number,
  timeoutMs: number,
): Promise<LocalBroker> {
  const exit = exitOf(child);
  const broker = child.pid === undefined ? null : await identify(child.pid);
  if (broker === null) throw await exitedEarly(directory, `it did not start: ${JSON.stringify(await exit)}`);
  await writeRunning(directory, { broker, owner: await ourselves(), port });
  let ended = false;
  void exit.then(() => {
    ended = true;
  });
  const deadline = Date.now() + timeoutMs;
  while (Date.now() < deadline) {
    if (ended) throw await exitedEarly(directory, `it ended with ${JSON.stringify(await exit)}`, port);
    const answer = await askCluster('127.0.0.1', port, 2_000).catch(() => null);
    if (answer !== null) return handle(directory, broker, port, exit);
    await delay(50);
  }
  await handle(directory, broker, port, exit).kill();
  throw new LocalError(
    'BROKER_SILENT',
    `Kafka on 127.0.0.1:${port} did not answer within ${timeoutMs / 1000} s. The end of its log:\n` +
      `${await lastWords(directory)}\nIs the machine overloaded? Start again, or look into ${directory}/broker.log.`,
  );
}

async function exitedEarly(directory: string, how: string, port?: number): Promise<LocalError> {
  const words = await lastWords(directory);
  const full = diskFullIn(words, directory);
  if (full !== null) return full;
  if (port !== undefined && /Address already in use|BindException/.test(words)) return portInUse(port);
  return new LocalError(
    'BROKER_EXITED',
    `Kafka did not start (${how}). The end of its log:\n${words}\n` +
      `The whole log is ${directory}/broker.log. If its data is damaged and not needed, remove ${directory}.`,
  );
}

function portInUse(port: number): LocalError {
  return new LocalError(
    'PORT_IN_USE',
    `Port ${port} on 127.0.0.1 is in use, so Kafka cannot listen there. ` +
      `End the process that has it (lsof -i :${port}), or choose another port.`,
  );
}

async function ourselves(): Promise<ProcessIdentity> {
  return (await identify(process.pid)) ?? { pid: process.pid, startTime: '' };
}

function handle(
  directory: string,
  broker: ProcessIdentity,
  port: number,
  exit?: Promise<unknown>,
): LocalBroker {
  const exited = exit === undefined ? untilDead(broker) : exit.then(() => undefined);
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (await isAlive(broker)) process.kill(broker.pid, signal);
  };
  return {
    brokers: `127.0.0.1:${port}`,
    port,
    pid: broker.pid,
    directory,
    exited,
    async stop() {
      await end('SIGTERM');
      if (!(await diesWithin(broker, 20_000))) await this.kill();
    },
    async kill() {
      await end('SIGKILL');
      await diesWithin(broker, 20_000);
    },
  };
}

/** A broker that was taken over is no child of ours, so its end is looked for. Keeps no process alive. */
async function untilDead(broker: ProcessIdentity): Promise<void> {
  while (await isAlive(broker)) await delay(100, undefined, { ref: false });
}

/** Looks rather than listens, because a child that is unreferenced would let this process end before it. */
async function diesWithin(broker: ProcessIdentity, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (await isAlive(broker)) {
    if (Date.now() > deadline) return false;
    await delay(20);
  }
  return true;
}
