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

/** Turns the listener's EADDRINUSE into a message with the owner of the port; others pass as they are. */
export const explainListenError = (error: unknown, port: number, cure: string): unknown =>
  (error as NodeJS.ErrnoException).code === 'EADDRINUSE' ? portInUse(port, cure) : error;

export const portInUse = (port: number, cure: string): CommandFailure => {
  const owner = portOwner(port);
  const who = owner === null ? 'another process' : `process ${owner.pid} (${owner.command})`;
  return new CommandFailure(exitCodes.failed, `Port ${port} is in use by ${who}. End it, or ${cure}.`);
};
