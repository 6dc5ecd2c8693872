/** Exit codes, the same for every command; documented in --help. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  wrongUse: 2,
  missing: 3,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export const exitMeanings: Readonly<Record<ExitCode, string>> = {
  0: 'done, or ended by Ctrl-C or SIGTERM',
  1: 'failed; the message says what and how to cure it',
  2: 'wrong use: a command, an option or the configuration is not valid',
  3: 'a tool or a service is missing: Java, Maven, a Kafka broker, Redis, a subgraph that does not tell its SDL',
};

/** Ends a command with a message for the user: no stack is printed. */
export class CommandFailure extends Error {
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'CommandFailure';
    this.exitCode = exitCode;
  }
}
