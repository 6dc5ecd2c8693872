import { portOwner } from '../local/supervisor/index.ts';
import { CommandFailure, type ExitCode, exitCodes } from './exit.ts';
import { untilToldToStop } from './stop.ts';

/** Below the 10 s after which supervisors kill, so that the process can still say that it was late. */
export const defaultDeadlineMs = 8_000;

/**
 * Keeps a server running until the process is told to stop, then stops it: within `stopDeadlineMs` (default 8 s), or the
 * process ends without; also when it is told again. `told` says when, in place of the signals.
 * Rejects with what `failed` rejects with, after stopping.
 */
export const serveUntilStopped = async (
  server: {
    readonly failed?: Promise<never>;
    readonly stopDeadlineMs?: number;
    stop(): Promise<void>;
  },
  told: Promise<unknown> = untilToldToStop(() => process.exit(exitCodes.failed)),
): Promise<ExitCode> => {
  try {
    await Promise.race([told, ...(server.failed === undefined ? [] : [server.failed])]);
  } finally {
    // Also against what is left open after the stop and would keep the process; unref, so that it does not itself.
    const { stopDeadlineMs = defaultDeadlineMs } = server;
    setTimeout(() => endLate(stopDeadlineMs), stopDeadlineMs).unref();
    await server.stop();
  }
  return exitCodes.ok;
};

const endLate = (stopDeadlineMs: number): never => {
  process.stderr.write(`Not stopped within ${stopDeadlineMs / 1000} s; the process ends now.\n`);
  process.exit(exitCodes.failed);
};

/** Where a server was to listen, and how the user chooses another place: ends of a sentence. */
export interface ListenPlace {
  readonly host: string;
  readonly port: number;
  /** For instance "choose another with --port". */
  readonly portCure: string;
  /** For instance "correct gateway.host". */
  readonly hostCure: string;
}

/** Turns a listener's error into a message with the cure; errors of anything else pass as they are. */
export const explainListenError = (error: unknown, place: ListenPlace): unknown => {
  const { host, port, portCure, hostCure } = place;
  const { code, syscall, cause } = error as NodeJS.ErrnoException;
  // A subgraph has a message of its own, for those who start it from code, over the listener's error.
  if (code === 'EADDRINUSE' || (cause as NodeJS.ErrnoException | undefined)?.code === 'EADDRINUSE')
    return portInUse(port, portCure);
  // Of a worker it is the command that listens, and Node says `bind` then.
  if ((syscall === 'listen' || syscall === 'bind') && code === 'EACCES')
    return failure(`This user may not listen on port ${port}: ${portCure}.`);
  if (syscall === 'getaddrinfo' || code === 'EADDRNOTAVAIL')
    return failure(`This machine has no address "${host}": ${hostCure}; 0.0.0.0 is all that it has.`);
  return error;
};

export const portInUse = (port: number, cure: string): CommandFailure => {
  const owner = portOwner(port);
  const who = owner === null ? 'another process' : `process ${owner.pid} (${owner.command})`;
  return failure(`Port ${port} is in use by ${who}. End it, or ${cure}.`);
};

const failure = (message: string): CommandFailure => new CommandFailure(exitCodes.failed, message);
