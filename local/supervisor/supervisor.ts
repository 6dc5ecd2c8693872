import { endGroup } from './ending.ts';
import { identityOf, isAlive, isGroupAlive, type ProcessIdentity } from './identity.ts';
import { createPidFile, type PidFile, readPidFile, removePidFile, replacePidFile } from './pidfile.ts';
import type { Printer } from './printer.ts';
import { type RestartPolicy, Service, type ServiceDefinition } from './service.ts';

export interface SupervisorOptions {
  /** Where pids and start times are written down; one supervisor a file. Its folder is made. */
  readonly file: string;
  readonly printer: Printer;
  /** Milliseconds that a process has between SIGTERM and SIGKILL. Default 10,000. */
  readonly graceMs?: number;
  readonly restart?: Partial<RestartPolicy>;
}

/** Another supervisor lives and holds the file. */
export class AlreadyRunningError extends Error {
  readonly pid: number;

  constructor(pid: number, file: string) {
    super(`already running as process ${pid}, which holds ${file}`);
    this.name = 'AlreadyRunningError';
    this.pid = pid;
  }
}

const restartDefaults: RestartPolicy = { delayMs: 500, maximumDelayMs: 10_000, deaths: 5, windowMs: 60_000 };

/**
 * Runs services as process groups and leaves none behind: `stop` ends them in reverse order of their start, and what
 * outlives a supervisor that was killed is ended by the next one with the same file, here, before it resolves.
 *
 * Rejects with AlreadyRunningError while another supervisor lives.
 */
export const startSupervisor = async (options: SupervisorOptions): Promise<Supervisor> => {
  const self = identityOf(process.pid);
  if (self === null)
    throw new Error(`cannot read the start time of process ${process.pid}; is ps installed?`);
  const left = readPidFile(options.file);
  if (left !== null) {
    if (isAlive(left.supervisor)) throw new AlreadyRunningError(left.supervisor.pid, options.file);
    await endLeftovers(left, options);
  }
  // Whoever took the file over while we cleaned up keeps it.
  if (readPidFile(options.file)?.supervisor.startTime === left?.supervisor.startTime)
    removePidFile(options.file);
  if (!createPidFile(options.file, { supervisor: self, services: [] }))
    throw new AlreadyRunningError(readPidFile(options.file)?.supervisor.pid ?? 0, options.file);
  return new Supervisor(self, options);
};

const endLeftovers = async (left: PidFile, options: SupervisorOptions): Promise<void> => {
  const graceMs = options.graceMs ?? 10_000;
  for (const { name, ...identity } of left.services.toReversed()) {
    // Another start time under the same pid is a stranger. No process under the pid: the group may have outlived its leader.
    const present = identityOf(identity.pid);
    if (present === null ? !isGroupAlive(identity.pid) : present.startTime !== identity.startTime) continue;
    options.printer.print(name, `process ${identity.pid} was left by a start that was killed; it is ended`);
    await endGroup(identity.pid, graceMs);
  }
};

export class Supervisor {
  readonly #self: ProcessIdentity;
  readonly #options: SupervisorOptions;
  readonly #services: Service[] = [];
  #stopping: Promise<void> | undefined;
  readonly #hurry = new AbortController();

  /** By startSupervisor alone, which has made the file. */
  constructor(self: ProcessIdentity, options: SupervisorOptions) {
    this.#self = self;
    this.#options = options;
  }

  start(definition: ServiceDefinition): Service {
    if (this.#stopping !== undefined)
      throw new Error(`${definition.name} cannot start: the supervisor stops`);
    const service = new Service(definition, {
      printer: this.#options.printer,
      restart: { ...restartDefaults, ...this.#options.restart },
      // The constructor starts the process before the service is in the list.
      changed: () => queueMicrotask(() => this.#write()),
    });
    this.#services.push(service);
    this.#write();
    return service;
  }

  /** Ends all services, the last started first. A second call makes it hurry: what still lives is killed. */
  stop(): Promise<void> {
    if (this.#stopping !== undefined) this.#hurry.abort();
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  async #stopAll(): Promise<void> {
    for (const service of this.#services.toReversed())
      await service.stop(this.#options.graceMs ?? 10_000, this.#hurry.signal);
  }

  /** Gives the file up; to be called last, when all that belongs to the start has ended. */
  release(): void {
    removePidFile(this.#options.file);
  }

  #write(): void {
    const own = this.#services.flatMap(({ name, identity }) =>
      identity === null ? [] : [{ ...identity, name }],
    );
    replacePidFile(this.#options.file, { supervisor: this.#self, services: own });
  }
}
