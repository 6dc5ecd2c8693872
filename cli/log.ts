import { styleText } from 'node:util';
import { type Logger, pino } from 'pino';
import type { LogLevel } from './configuration/settings.ts';

/** The log of a process: JSON lines on stdout, as log collectors want them; for a terminal, lines for people. */
export const createLog = (level: LogLevel): Logger => {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  if (!process.stdout.isTTY) return pino(options);
  const colour = process.stdout.hasColors();
  return pino(options, { write: (line) => void process.stdout.write(`${readableLine(line, colour)}\n`) });
};

const levels: Readonly<Record<number, string>> = {
  10: 'TRACE',
  20: 'DEBUG',
  30: '',
  40: 'WARN',
  50: 'ERROR',
  60: 'FATAL',
};

/** A JSON line of ours as people read it: level unless it is info, message, then what else it holds. Other lines stay. */
export const readableLine = (line: string, colour: boolean): string => {
  const entry = parsed(line);
  if (entry === null) return line;
  const { level, time: _time, msg, err, ...rest } = entry;
  const name = levels[Number(level)] ?? String(level);
  const details = Object.entries(rest).map(([key, value]) => `${key}=${brief(value)}`);
  const words = [
    name === '' || !colour ? name : styleText(Number(level) >= 50 ? 'red' : 'yellow', name),
    msg,
    ...details,
  ];
  const text = words.filter((word) => word !== '' && word !== undefined).join(' ');
  return err === undefined ? text : `${text} ${stackOf(err)}`;
};

const parsed = (line: string): Record<string, unknown> | null => {
  if (!line.startsWith('{"level":')) return null;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return null;
  }
};

const brief = (value: unknown): string => {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 200 ? `${text.slice(0, 199)}…` : text;
};

const stackOf = (error: unknown): string => {
  const { stack, message } = error as { readonly stack?: string; readonly message?: string };
  return stack ?? message ?? JSON.stringify(error);
};
