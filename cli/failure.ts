import type { LocalError, LocalErrorCode } from '../local/error.ts';
import { TributaryError } from '../schema/errors.ts';
import { formatMistakes, SchemaInvalidError } from '../schema/mistakes/index.ts';
import { CommandFailure, type ExitCode, exitCodes } from './exit.ts';
import { Mistakes } from './mistakes.ts';

/** Prints what ended a command. What the user can cure has a message; the rest is a fault of ours and has its stack. */
export const reportFailure = (error: unknown): ExitCode => {
  process.stderr.write(`${describe(error)}\n`);
  if (error instanceof CommandFailure || error instanceof Mistakes) return error.exitCode;
  if (error instanceof TributaryError) return exitCodeOf(error);
  return isLocalError(error) && missingCodes.includes(error.code) ? exitCodes.missing : exitCodes.failed;
};

const describe = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof SchemaInvalidError) {
    const count = error.mistakes.length === 1 ? '1 mistake' : `${error.mistakes.length} mistakes`;
    return `${formatMistakes(error.mistakes, error.sources)}\n\n${count} in the SDL.`;
  }
  const expected =
    error instanceof CommandFailure ||
    error instanceof Mistakes ||
    error instanceof TributaryError ||
    isLocalError(error);
  return expected ? error.message : `A fault of Tributary itself: ${error.stack ?? error.message}`;
};

const exitCodeOf = (error: TributaryError): ExitCode => {
  if (error.code === 'CONFIGURATION_INVALID') return exitCodes.wrongUse;
  const isAway = error.code === 'KAFKA_UNAVAILABLE' || error.code === 'VIEW_NOT_READY';
  return isAway ? exitCodes.missing : exitCodes.failed;
};

const missingCodes: readonly LocalErrorCode[] = [
  'JAVA_MISSING',
  'JAVA_TOO_OLD',
  'MAVEN_MISSING',
  'DOWNLOAD_FAILED',
  'BROKER_SILENT',
  'COMPOSE_FAILED',
];

/** By name, so that commands which start nothing locally do not load what does. */
const isLocalError = (error: unknown): error is LocalError =>
  error instanceof Error && error.name === 'LocalError';
