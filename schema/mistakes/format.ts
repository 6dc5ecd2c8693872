import type { SchemaMistake } from '../description.ts';
import type { SchemaSource } from '../source.ts';

/**
 * Mistakes as a compiler shows them: place, message, the source line with a caret, cure.
 *
 *     flights.graphql:12:3
 *       Argument "orign" of Query.flights matches no field of Flight.
 *       12 |   flights(orign: ID): FlightConnection! @view
 *          |           ^
 *       Did you mean "origin"?
 */
export const formatMistakes = (
  mistakes: readonly SchemaMistake[],
  sources: readonly SchemaSource[],
): string => {
  const linesOf = new Map(sources.map(({ file, text }) => [file, text.split(/\r\n|\n|\r/)]));
  return mistakes.map((mistake) => formatOne(mistake, linesOf.get(mistake.file))).join('\n\n');
};

const formatOne = (mistake: SchemaMistake, lines: readonly string[] | undefined): string => {
  const { file, line, column, message, cure } = mistake;
  const source = lines?.[line - 1];
  const shown = source === undefined ? [] : excerpt(source, line, column);
  const told = [message, ...shown, cure].flatMap((text) => text.split('\n'));
  return [`${file}:${line}:${column}`, ...told.map((text) => `  ${text}`)].join('\n');
};

const excerpt = (source: string, line: number, column: number): string[] => {
  const number = String(line);
  // Tabs stay tabs before the caret, so that it stands below its character whatever their width.
  const indent = source.slice(0, column - 1).replace(/[^\t]/g, ' ');
  return [`${number} | ${source}`, `${' '.repeat(number.length)} | ${indent}^`];
};
