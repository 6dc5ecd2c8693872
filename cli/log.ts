import { styleText } from 'node:util';
import { type Logger, pino } from 'pino';
import type { LogLevel } from './configuration/settings.ts';
import { workerNumber } from './workers/place.ts';

/**
 * The log of a service: JSON lines on stdout, as log collectors want them; for a terminal, lines for people. Those of a
 * worker carry its number.
 */
export const createLog = (service: string, level: LogLevel): Logger => {
  const worker = workerNumber();
  const base = worker === null ? { service } : { service, worker };
  const options = { level, base, timestamp: pino.stdTimeFunctions.isoTime };
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

/**
 * A JSON line of ours as people read it: level unless it is info, message, then what else it holds; of an error the
 * stack only when it is not just a warning. Other lines stay.
 */
export const readableLine = (line: string, colour: boolean): string => {
  const entry = parsed(line);
  if (entry === null) return line;
  const { level: levelValue, time: _time, service: _service, msg, err, ...rest } = entry;
  const level = Number(levelValue);
  const name = levels[level] ?? String(levelValue);
  const details = Object.entries(rest)
    // At info, objects are for machines: what they say in full, the message says in short.
    .filter(([, value]) => level !== 30 || typeof value !== 'object')
    .map(([key, value]) => `${key}=${brief(value)}`);
  const words = [
    name === '' || !colour ? name : styleText(level >= 50 ? 'red' : 'yellow', name),
    msg,
    ...details,
    ...(err === undefined ? [] : [level >= 50 ? stackOf(err) : brief(property(err, 'message') ?? err)]),
  ];
  return words.filter((word) => word !== '' && word !== undefined).join(' ');
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

const stackOf = (error: unknown): string =>
  String(property(error, 'stack') ?? property(error, 'message') ?? brief(error));

const property = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
