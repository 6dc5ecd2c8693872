import { parseArgs } from 'node:util';
import { didYouMean } from '../schema/mistakes/index.ts';
import type { Arguments, Command, CommandOption } from './command.ts';
import { CommandFailure, exitCodes } from './exit.ts';

/** Options that every command knows. */
export const sharedOptions: readonly CommandOption[] = [
  { name: 'config', value: 'file', about: 'configuration file; default: tributary.yaml of this folder' },
  { name: 'help', value: null, about: 'this text' },
];

/** Reads what follows the command's name. Rejects an option or a number of arguments that the command does not take. */
export const parseCommandArguments = (command: Command, argv: readonly string[]): Arguments => {
  const options = [...command.options, ...sharedOptions];
  const { tokens, values, positionals } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(
      options.map((option) => [
        option.name,
        {
          type: option.value === null ? ('boolean' as const) : ('string' as const),
          ...(option.name === 'help' && { short: 'h' }),
        },
      ]),
    ),
    allowPositionals: true,
    // Its own errors name no suggestion.
    strict: false,
    tokens: true,
  });
  for (const token of tokens) if (token.kind === 'option') checkOption(command, options, token);
  if (values.help !== true) checkPositionals(command, positionals);
  return {
    positionals,
    text: (name) => {
      const value = values[name];
      return typeof value === 'string' ? value : undefined;
    },
    flag: (name) => values[name] === true,
  };
};

const checkOption = (
  command: Command,
  options: readonly CommandOption[],
  token: { readonly name: string; readonly rawName: string; readonly value?: string | undefined },
): void => {
  const option = options.find(({ name }) => name === token.name);
  if (option === undefined) {
    const suggestion = didYouMean(
      token.rawName,
      options.map(({ name }) => `--${name}`),
      '',
    );
    throw wrongUse(
      command,
      `"tributary ${command.name}" has no option ${token.rawName}. ${suggestion}`.trim(),
    );
  }
  if (option.value !== null && (token.value === undefined || token.value === ''))
    throw wrongUse(command, `${token.rawName} needs a value: ${token.rawName} <${option.value}>`);
  if (option.value === null && token.value !== undefined)
    throw wrongUse(command, `${token.rawName} takes no value, but was given "${token.value}"`);
};

const checkPositionals = (command: Command, positionals: readonly string[]): void => {
  const missing = command.positionals[positionals.length];
  if (missing !== undefined) throw wrongUse(command, `"tributary ${command.name}" needs <${missing}>`);
  const tooMany = positionals[command.positionals.length];
  if (tooMany !== undefined)
    throw wrongUse(command, `"tributary ${command.name}" does not know what to do with "${tooMany}"`);
};

const wrongUse = (command: Command, message: string): CommandFailure =>
  new CommandFailure(exitCodes.wrongUse, `${message}\nSee: tributary ${command.name} --help`);
