import { type ChildProcess, spawn } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dataDirectory, logFile } from './properties.ts';

export interface JavaProgram {
  readonly java: string;
  /** Folder of the broker's jars. */
  readonly libraries: string;
  /** The node's directory: settings are read from it, output is written to it. */
  readonly directory: string;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export const settingsFile = (directory: string): string => join(directory, 'server.properties');
export const loggingFile = (directory: string): string => join(directory, 'log4j2.properties');
const consoleFile = (directory: string): string => join(directory, 'console.log');

/** Formats the node's data folder for a cluster id (1 s). Resolves with how it ended; its output is in the console file. */
export async function formatStorage(program: JavaProgram, clusterId: string): Promise<Exit> {
  const settings = settingsFile(program.directory);
  const child = await startJava(program, 'kafka.tools.StorageTool', [
    'format',
    '-t',
    clusterId,
    '-c',
    settings,
  ]);
  return exitOf(child);
}

/** Starts the broker in a process group of its own, so that Ctrl-C reaches its clients first and stop() ends it last. */
export async function spawnBroker(program: JavaProgram): Promise<ChildProcess> {
  const child = await startJava(program, 'kafka.Kafka', [settingsFile(program.directory)]);
  child.unref();
  return child;
}

/** How a process ended; one that could not be started ends without code and signal. */
export function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('error', () => resolve({ code: null, signal: null }));
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
}

/** The end of what a node wrote before it died: its console, else its log. */
export async function lastWords(directory: string): Promise<string> {
  const [consoleText, logText] = await Promise.all(
    [consoleFile(directory), logFile(directory)].map((path) => readFile(path, 'utf8').catch(() => '')),
  );
  return `${tail(logText ?? '', 12)}\n${tail(consoleText ?? '', 8)}`.trim();
}

const tail = (text: string, count: number): string => text.trimEnd().split('\n').slice(-count).join('\n');

async function startJava(
  program: JavaProgram,
  main: string,
  parameters: readonly string[],
): Promise<ChildProcess> {
  const output = await open(consoleFile(program.directory), 'w');
  try {
    return spawn(
      program.java,
      [...heap, ...logging(program), '-cp', classPath(program), main, ...parameters],
      {
        cwd: program.directory,
        detached: true,
        stdio: ['ignore', output.fd, output.fd],
      },
    );
  } finally {
    await output.close();
  }
}

/** 300 MB resident and an answer after 3 s on two cores: the optimising compiler would cost more than it gains here. */
const heap = [
  '-Xms128m',
  '-Xmx384m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-XX:+ExitOnOutOfMemoryError',
];

function logging({ directory }: JavaProgram): string[] {
  return [
    `-Dlog4j2.configurationFile=${loggingFile(directory)}`,
    `-Dkafka.logs.dir=${dataDirectory(directory)}`,
  ];
}

const classPath = ({ libraries }: JavaProgram): string => join(libraries, '*');
