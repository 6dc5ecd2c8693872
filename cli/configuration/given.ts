import type { Arguments } from '../command.ts';
import { CommandFailure, exitCodes } from '../exit.ts';
import type { Configuration } from './configuration.ts';
import { readConfiguration } from './read.ts';
import { listOf, type Reader } from './reader.ts';
import { brokerAddress, portReader, workersReader } from './settings.ts';

/** The configuration of --config or of the working directory, with the environment over it. Throws Mistakes. */
export const readGivenConfiguration = (given: Arguments): Configuration =>
  readConfiguration({ file: given.text('config'), directory: process.cwd(), environment: process.env });

/** An option read as the setting of the same kind; undefined when it was not given. Throws CommandFailure. */
export const readOption = <T>(given: Arguments, name: string, reader: Reader<T>): T | undefined => {
  const text = given.text(name);
  if (text === undefined) return undefined;
  const place = { file: `--${name}`, line: null, column: null };
  const value = reader.read({ kind: 'scalar', value: text, place });
  if (value !== undefined) return value;
  const example = reader.example.replace(/^\[(.*)\]$/, '$1');
  throw new CommandFailure(
    exitCodes.wrongUse,
    `--${name} is "${text}", but must be ${reader.expects}. Write for example: --${name} ${example}`,
  );
};

export const portOption = (given: Arguments): number | undefined => readOption(given, 'port', portReader);

export const workersOption = (given: Arguments): number | undefined =>
  readOption(given, 'workers', workersReader);

export const brokersOption = (given: Arguments): readonly string[] | undefined =>
  readOption(given, 'brokers', listOf(brokerAddress));
