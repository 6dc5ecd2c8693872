import { once } from 'node:events';
import type { FormattedExecutionResult } from 'graphql-ws';
import type { Arguments } from '../command.ts';
import { readGivenConfiguration } from '../configuration/given.ts';
import { CommandFailure, type ExitCode, exitCodes } from '../exit.ts';
import { reachable } from '../reachable.ts';
import { untilToldToStop } from '../stop.ts';
import { follow } from '../tail/follow.ts';
import { SubscriptionRefused } from '../tail/refused.ts';
import { eventLine } from '../tail/show.ts';
import { operationFrom } from '../tail/start.ts';

/** See cli/manual.ts. */
export const run = async (given: Arguments): Promise<ExitCode> => {
  const query = operationFrom(given.positionals[0] ?? '', given.text('from'));
  const variables = variablesOf(given.text('variables'));
  const url = given.text('url') ?? gatewayUrl(given);
  if (!/^wss?:\/\//.test(url))
    throw new CommandFailure(exitCodes.wrongUse, `--url is "${url}", but must begin with ws:// or wss://.`);
  const ending = new AbortController();
  const stop = (): void => ending.abort();
  void untilToldToStop(() => process.exit(exitCodes.ok)).then(stop);
  // `tail … | head`: whoever reads has seen enough.
  process.stdout.on('error', stop);
  const note = (text: string): void => void process.stderr.write(`${text}\n`);
  try {
    await follow({
      url,
      query,
      variables,
      onEvent: (event) => process.stdout.write(`${lineOf(event, given.flag('json'))}\n`),
      whenWritable: (callback) => void once(process.stdout, 'drain').then(callback, stop),
      onTrouble: (what) => note(`${url}: ${what}; trying until it answers`),
      onConnected: (again) =>
        note(again ? 'connected again, going on after the last cursor' : `connected to ${url}`),
      signal: ending.signal,
    });
  } catch (error) {
    if (error instanceof SubscriptionRefused)
      throw new CommandFailure(exitCodes.failed, error.message, { cause: error });
    throw error;
  }
  return exitCodes.ok;
};

const lineOf = (event: FormattedExecutionResult, json: boolean): string =>
  json ? JSON.stringify(event) : eventLine(event, new Date(), process.stdout.hasColors?.() ?? false);

const variablesOf = (text: string | undefined): Readonly<Record<string, unknown>> => {
  if (text === undefined) return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new CommandFailure(
      exitCodes.wrongUse,
      `--variables is no JSON: ${error instanceof Error ? error.message : error}. Write for example: --variables '{"airport":"JFK"}'`,
    );
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new CommandFailure(
      exitCodes.wrongUse,
      `--variables must be a JSON object, such as '{"airport":"JFK"}'.`,
    );
  return value as Record<string, unknown>;
};

const gatewayUrl = (given: Arguments): string => {
  const { gateway } = readGivenConfiguration(given);
  return `ws://${reachable(gateway.host, gateway.port)}/graphql`;
};
