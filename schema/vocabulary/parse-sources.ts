import { type DocumentNode, GraphQLError, Kind, parse, Source } from 'graphql';
import type { Mistakes } from '../mistakes/index.ts';
import type { SchemaSource } from '../source.ts';

/** The definitions of all files, in their order; a file with a syntax error adds a mistake instead. */
export const parseSources = (sources: readonly SchemaSource[], mistakes: Mistakes): DocumentNode => ({
  kind: Kind.DOCUMENT,
  definitions: sources.flatMap((source) => parseOne(source, mistakes)),
});

const parseOne = ({ file, text }: SchemaSource, mistakes: Mistakes): DocumentNode['definitions'] => {
  // A file of comments alone is no mistake; graphql-js refuses a document without definitions.
  if (text.replaceAll(/^\s*#.*$/gm, '').trim() === '') return [];
  try {
    return parse(new Source(text, file)).definitions;
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    mistakes.addError(error, 'Correct the syntax at this place.');
    return [];
  }
};
