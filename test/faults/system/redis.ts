import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** A redis-server that keeps what is written over kill -9. */
export class RedisProcess {
  readonly url: string;
  readonly #program: string;
  readonly #directory: string;
  readonly #port: number;
  #child: ChildProcess | null = null;

  constructor(program: string, directory: string, port: number) {
    this.#program = program;
    this.#directory = directory;
    this.#port = port;
    this.url = `redis://127.0.0.1:${port}/0`;
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error('Redis does not run');
    return pid;
  }

  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const settings = {
      bind: '127.0.0.1',
      port: String(this.#port),
      dir: this.#directory,
      save: '',
      appendonly: 'yes',
      appendfsync: 'always',
    };
    const parameters = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
    this.#child = spawn(this.#program, parameters, { stdio: 'ignore', detached: true });
    while (!(await this.#answers())) await pause(50, undefined, { signal });
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** What it kept is gone at the next start. */
  async lose(): Promise<void> {
    await rm(join(this.#directory, 'appendonlydir'), { recursive: true, force: true });
  }

  /** It answers PING with PONG once it has loaded what it kept. */
  #answers(): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const socket = createConnection(this.#port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.setTimeout(1_000, () => resolve(false));
    socket.on('error', () => resolve(false));
    socket.on('close', () => resolve(false));
    socket.once('data', (data) => resolve(data.toString().startsWith('+PONG')));
    return promise.finally(() => socket.destroy());
  }
}
