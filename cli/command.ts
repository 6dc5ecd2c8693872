import type { ExitCode } from './exit.ts';

/** An option of a command. Flags take no value. */
export interface CommandOption {
  readonly name: string;
  /** What the value is called in the help, such as `port`; null for a flag. */
  readonly value: string | null;
  readonly about: string;
}

export interface Arguments {
  readonly positionals: readonly string[];
  /** Text of an option; undefined when it was not given. */
  readonly text: (option: string) => string | undefined;
  readonly flag: (option: string) => boolean;
}

/** What a command is, to be parsed and to be helped with. */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Names of the arguments without a dash, all of them required. */
  readonly positionals: readonly string[];
  readonly options: readonly CommandOption[];
  /** What one cannot guess from the options. */
  readonly notes: string;
  readonly examples: readonly (readonly [command: string, about: string])[];
  /** Loads the command only when it is run: Apollo's packages take a second, for which --help need not wait. */
  readonly load: () => Promise<RunnableCommand>;
}

export interface RunnableCommand {
  /** Parses no more: it calls and prints. What it rejects with is printed by reportFailure. */
  readonly run: (given: Arguments) => Promise<ExitCode>;
}
