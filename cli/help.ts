import { sharedOptions } from './arguments.ts';
import type { Command } from './command.ts';
import { environmentVariables } from './configuration/settings.ts';
import { exitMeanings } from './exit.ts';

export const helpOfAll = (commands: readonly { readonly name: string; readonly summary: string }[]): string =>
  page(
    'tributary: Kafka topics as one federated GraphQL API',
    'Usage: tributary <command> [options]',
    section(
      'Commands',
      commands.map(({ name, summary }) => [name, summary]),
    ),
    section('Options', [
      ['<command> --help', 'options and examples of a command'],
      ['--version', 'version of Tributary'],
    ]),
    section(
      'Environment, over tributary.yaml',
      environmentVariables.map(({ name, path }) => [name, path]),
    ),
    section('Exit codes', Object.entries(exitMeanings)),
  );

export const helpOf = (command: Command): string =>
  page(
    `tributary ${command.name}: ${command.summary}`,
    `Usage: ${['tributary', command.name, ...command.positionals.map((name) => `<${name}>`), '[options]'].join(' ')}`,
    command.notes,
    section(
      'Options',
      [...command.options, ...sharedOptions].map(({ name, value, about }) => [
        `--${name}${value === null ? '' : ` <${value}>`}`,
        about,
      ]),
    ),
    ['Examples:', ...command.examples.map(([line, about]) => `  ${line}\n      ${about}`)].join('\n'),
    section('Exit codes', Object.entries(exitMeanings)),
  );

const page = (...parts: readonly string[]): string => `${parts.filter((part) => part !== '').join('\n\n')}\n`;

const section = (title: string, rows: readonly (readonly [string, string])[]): string => {
  const width = Math.max(...rows.map(([left]) => left.length));
  return [`${title}:`, ...rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)].join('\n');
};
