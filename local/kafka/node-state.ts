import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive, type ProcessIdentity } from '../supervisor/index.ts';

/** What a node remembers between starts, beside Kafka's own data. */
export interface NodeState {
  readonly clusterId: string;
  /** False until the data folder was formatted to the end. */
  readonly formatted: boolean;
  readonly port?: number;
  readonly controllerPort?: number;
}

/** Who runs in a directory now, and on whose behalf. */
export interface RunningNode {
  readonly broker: ProcessIdentity;
  readonly owner: ProcessIdentity;
  readonly port: number;
}

export async function readState(directory: string): Promise<NodeState> {
  return (await readJson<NodeState>(stateFile(directory))) ?? { clusterId: newClusterId(), formatted: false };
}

export async function writeState(directory: string, state: NodeState): Promise<void> {
  await writeJson(stateFile(directory), state);
}

/** The live broker of a directory, or null; a file that a dead broker left behind counts as none. */
export async function readRunning(directory: string): Promise<RunningNode | null> {
  const running = await readJson<RunningNode>(runningFile(directory));
  return running !== null && isAlive(running.broker) ? running : null;
}

export async function writeRunning(directory: string, running: RunningNode): Promise<void> {
  await writeJson(runningFile(directory), running);
}

const stateFile = (directory: string): string => join(directory, 'node.json');
const runningFile = (directory: string): string => join(directory, 'running.json');

/** 16 random bytes in URL-safe base64, as Kafka makes them: none that begins with a dash, which reads as an option. */
function newClusterId(): string {
  for (;;) {
    const id = randomBytes(16).toString('base64url');
    if (!id.startsWith('-')) return id;
  }
}

async function readJson<T>(path: string): Promise<T | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T;
  } catch {
    return null;
  }
}

/** Whole or not at all: a full disk or a kill leaves the older file. */
async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFile(`${path}.new`, `${JSON.stringify(value)}\n`);
  await rename(`${path}.new`, path);
}
