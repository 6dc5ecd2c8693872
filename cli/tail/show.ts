import { styleText } from 'node:util';
import type { FormattedExecutionResult } from 'graphql-ws';

/** An event as one line: when it came, what kind it is, the rest as JSON. Errors stand behind what came with them. */
export const eventLine = (event: FormattedExecutionResult, now: Date, colour: boolean): string => {
  const paint = (style: Parameters<typeof styleText>[0], text: string): string =>
    colour ? styleText(style, text) : text;
  const fields = Object.entries(event.data ?? {});
  // The name of the one field says nothing that the operation did not.
  const payload = fields.length === 1 ? fields[0]?.[1] : event.data;
  const { kind, rest } = splitKind(payload);
  const errors = (event.errors ?? []).map(
    ({ message, extensions }) => `${extensions?.code ?? 'ERROR'}: ${message}`,
  );
  return [
    paint('dim', timeOf(now)),
    ...(kind === null ? [] : [paint(kindStyle(kind), kind.padEnd(10))]),
    ...(rest === null ? [] : [JSON.stringify(rest)]),
    ...errors.map((error) => paint('red', error)),
  ].join(' ');
};

const timeOf = (now: Date): string => {
  const two = (value: number): string => String(value).padStart(2, '0');
  const milliseconds = String(now.getMilliseconds()).padStart(3, '0');
  return `${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())}.${milliseconds}`;
};

const splitKind = (payload: unknown): { kind: string | null; rest: unknown } => {
  if (typeof payload !== 'object' || payload === null) return { kind: null, rest: payload ?? null };
  const { kind, ...rest } = payload as Record<string, unknown>;
  if (typeof kind !== 'string') return { kind: null, rest: payload };
  return { kind, rest: Object.values(rest).every((value) => value === null) ? null : rest };
};

const kindStyle = (kind: string): 'red' | 'yellow' | 'cyan' | 'green' => {
  if (kind === 'DELETE' || kind === 'CANCELLED') return 'red';
  if (kind === 'RESET' || kind === 'DELAYED' || kind === 'DIVERTED') return 'yellow';
  return kind === 'SNAPSHOT' || kind === 'UP_TO_DATE' ? 'cyan' : 'green';
};
