import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { endGroup } from './ending.ts';
import { identityOf, type ProcessIdentity } from './identity.ts';
import { forwardLines } from './lines.ts';
import type { Printer } from './printer.ts';

export interface ServiceDefinition {
  readonly name: string;
  /** Program and its arguments; no shell between. */
  readonly command: readonly [string, ...string[]];
  /** What runs after a death; for a `command` with something that shall happen once. Default: `command`. */
  readonly restartCommand?: readonly [string, ...string[]];
  readonly directory?: string;
  /** Added to the environment of the supervisor. */
  readonly environment?: Readonly<Record<string, string>>;
  /** How a line of its output is shown. Default: as it is. */
  readonly format?: (line: string) => string;
  /** True for a program whose work has an end: exit code 0 is then no death, and it is not started again. */
  readonly ends?: boolean;
}

export interface RestartPolicy {
  /** Wait before the first restart, milliseconds; doubles with each death in the window. */
  readonly delayMs: number;
  readonly maximumDelayMs: number;
  /** After so many deaths within the window the service is given up; the others go on. */
  readonly deaths: number;
  readonly windowMs: number;
}

/** STARTED has a process, WAITING will be started again, ENDED did its work, GIVEN_UP died too often, STOPPED was told to. */
export type ServiceState = 'STARTED' | 'WAITING' | 'ENDED' | 'GIVEN_UP' | 'STOPPED';

export interface ServiceContext {
  readonly printer: Printer;
  readonly restart: RestartPolicy;
  /** Called whenever the process behind the service is another one, before anything else can happen. */
  readonly changed: () => void;
}

/** One child process in a process group of its own, started again when it dies. */
export class Service {
  readonly name: string;
  /** Resolves when no process will be started any more. */
  readonly finished: Promise<'ENDED' | 'GIVEN_UP' | 'STOPPED'>;
  readonly #definition: ServiceDefinition;
  readonly #context: ServiceContext;
  readonly #finish: (state: 'ENDED' | 'GIVEN_UP' | 'STOPPED') => void;
  #state: ServiceState = 'STARTED';
  #identity: ProcessIdentity | null = null;
  /** Resolves when all output of the last process has been read. */
  #drained: Promise<unknown> = Promise.resolve();
  #deaths: number[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(definition: ServiceDefinition, context: ServiceContext) {
    this.name = definition.name;
    this.#definition = definition;
    this.#context = context;
    const finished = Promise.withResolvers<'ENDED' | 'GIVEN_UP' | 'STOPPED'>();
    this.finished = finished.promise;
    this.#finish = finished.resolve;
    this.#start(definition.command);
  }

  get state(): ServiceState {
    return this.#state;
  }

  /** Of the process as it is now, which leads its group; null between a death and the restart. */
  get identity(): ProcessIdentity | null {
    return this.#identity;
  }

  /** Ends the process and all that it started. Resolves when none of them lives. */
  async stop(graceMs: number, hurry?: AbortSignal): Promise<void> {
    clearTimeout(this.#timer);
    const group = this.#identity?.pid;
    if (this.#state === 'STARTED' || this.#state === 'WAITING') this.#enter('STOPPED');
    if (group === undefined) return;
    const end = await endGroup(group, graceMs, hurry);
    // Its last words are often why it was slow. Bounded: a process that left the group may hold the pipe.
    await Promise.race([this.#drained, wait(500)]);
    if (end === 'KILLED')
      this.#say(
        hurry?.aborted === true ? 'was killed' : `did not stop within ${graceMs / 1000} s and was killed`,
      );
    if (end === 'REMAINS') this.#say(`process group ${group} does not end; look with: ps -g ${group}`);
  }

  #start([program, ...programArguments]: ServiceDefinition['command']): void {
    const child = spawn(program, programArguments, {
      cwd: this.#definition.directory,
      env: { ...process.env, ...this.#definition.environment },
      // A group of its own: Ctrl-C at the terminal reaches the supervisor alone, which then stops them in order.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#state = 'STARTED';
    this.#identity = child.pid === undefined ? null : identityOf(child.pid);
    this.#context.changed();
    this.#watch(child);
  }

  #watch(child: ChildProcess): void {
    const { format = (line: string) => line } = this.#definition;
    const print = (line: string): boolean => this.#context.printer.print(this.name, format(line));
    for (const stream of [child.stdout, child.stderr])
      if (stream !== null) forwardLines(stream, print, this.#context.printer);
    this.#drained = new Promise((resolve) => child.once('close', resolve));
    let over = false;
    const once = (how: string, code: number | null): void => {
      if (over) return;
      over = true;
      void this.#ended(child.pid, how, code);
    };
    child.once('error', (error) => once(`could not be started: ${error.message}`, null));
    child.once('exit', (code, signal) =>
      once(signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`, code),
    );
  }

  async #ended(group: number | undefined, how: string, code: number | null): Promise<void> {
    if (this.#state === 'STOPPED') return;
    // What the process started itself must not live beside its successor.
    if (group !== undefined) await endGroup(group, 0);
    if (this.#state !== 'STARTED') return;
    this.#identity = null;
    this.#context.changed();
    if (code === 0 && this.#definition.ends === true) {
      this.#enter('ENDED');
      return;
    }
    this.#died(how);
  }

  #died(how: string): void {
    const { delayMs, maximumDelayMs, deaths, windowMs } = this.#context.restart;
    const now = Date.now();
    this.#deaths = [...this.#deaths.filter((death) => now - death < windowMs), now];
    if (this.#deaths.length >= deaths) {
      this.#say(
        `${how}; ${deaths} times within ${windowMs / 1000} s, so it is not started again. ` +
          'Its lines above say why; stop and start again when that is cured. The others go on.',
      );
      this.#enter('GIVEN_UP');
      return;
    }
    const delay = Math.min(maximumDelayMs, delayMs * 2 ** (this.#deaths.length - 1));
    this.#say(`${how}; starts again in ${delay / 1000} s`);
    this.#state = 'WAITING';
    const { command, restartCommand = command } = this.#definition;
    this.#timer = setTimeout(() => this.#start(restartCommand), delay);
  }

  #enter(state: 'ENDED' | 'GIVEN_UP' | 'STOPPED'): void {
    this.#state = state;
    this.#finish(state);
  }

  #say(line: string): void {
    this.#context.printer.print(this.name, line);
  }
}
