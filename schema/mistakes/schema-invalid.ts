import type { SchemaMistake } from '../description.ts';
import { TributaryError } from '../errors.ts';
import type { SchemaSource } from '../source.ts';

/** SDL with mistakes: all of them at once, in the order of the sources. `formatMistakes` shows them with their lines. */
export class SchemaInvalidError extends TributaryError {
  readonly mistakes: readonly SchemaMistake[];
  /** What the places in `mistakes` point into. */
  readonly sources: readonly SchemaSource[];

  constructor(mistakes: readonly SchemaMistake[], sources: readonly SchemaSource[]) {
    const count = mistakes.length === 1 ? '1 mistake' : `${mistakes.length} mistakes`;
    const lines = mistakes.map(
      ({ file, line, column, message, cure }) => `${file}:${line}:${column} ${message} ${cure}`,
    );
    super('SCHEMA_INVALID', `The SDL has ${count}:\n${lines.join('\n')}`);
    this.mistakes = mistakes;
    this.sources = sources;
  }
}
