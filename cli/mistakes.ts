import { relative } from 'node:path';
import { formatMistakes } from '../schema/mistakes/index.ts';
import type { SchemaSource } from '../schema/source.ts';
import { exitCodes } from './exit.ts';

/** Something wrong in the configuration. */
export interface Mistake {
  readonly message: string;
  readonly cure: string;
  /** Path of a file, or what else holds the mistake, such as `environment variable KAFKA_BROKERS`. */
  readonly file: string;
  /** From 1; null where there are no lines. */
  readonly line: number | null;
  readonly column: number | null;
}

/** All mistakes of the configuration at once; its message is what the user sees. */
export class Mistakes extends Error {
  readonly mistakes: readonly Mistake[];
  readonly exitCode = exitCodes.wrongUse;

  constructor(mistakes: readonly Mistake[], source: SchemaSource | null) {
    super(withoutCredentials(mistakes.map((mistake) => formatMistake(mistake, source)).join('\n\n')));
    this.name = 'Mistakes';
    this.mistakes = mistakes;
  }
}

/**
 * What stands before the @ of an address is a password more often than not, and a message may stand in a log for long. As
 * many characters as before, so that what points at a column still does.
 */
const withoutCredentials = (text: string): string =>
  text.replaceAll(
    /(\w+:\/\/)?[^\s"']+@/g,
    (all, scheme: string | undefined = '') => `${scheme}${'*'.repeat(all.length - scheme.length - 1)}@`,
  );

/** As SDL mistakes are shown: `file:line:column`, of which terminals make a link, message, source line and cure. */
const formatMistake = (mistake: Mistake, source: SchemaSource | null): string => {
  const { line, column, message, cure } = mistake;
  const file = mistake.file.startsWith('/') ? relative(process.cwd(), mistake.file) : mistake.file;
  if (line === null || column === null) return [file, message, cure].join('\n  ');
  return formatMistakes(
    [{ file, line, column, message, cure }],
    source === null ? [] : [{ file, text: source.text }],
  );
};
