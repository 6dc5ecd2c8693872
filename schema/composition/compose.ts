import { composeServices } from '@apollo/composition';
import { type DocumentNode, GraphQLError, parse, Source } from 'graphql';
import type { SchemaMistake } from '../description.ts';
import { SchemaInvalidError } from '../mistakes/index.ts';
import type { SchemaSource } from '../source.ts';
import { completeSdl } from '../vocabulary/index.ts';
import { mistakeOf } from './composition-mistake.ts';

export interface ComposableSubgraph {
  readonly name: string;
  /** Where the gateway finds it. */
  readonly url: string;
  /** What `_service.sdl` returns. Not needed with `sources`. */
  readonly sdl?: string;
  /** The files of a Tributary subgraph, where they are at hand: mistakes are then shown in their lines. */
  readonly sources?: readonly SchemaSource[];
}

export interface Composition {
  readonly supergraphSdl: string;
  /** What composes and yet deserves a look; never a reason to refuse. */
  readonly hints: readonly CompositionHint[];
}

export interface CompositionHint {
  readonly code: string;
  readonly level: 'WARN' | 'INFO';
  readonly message: string;
}

/**
 * Composes subgraphs to a supergraph by @apollo/composition. Throws a `SchemaInvalidError` (SCHEMA_INVALID) with every
 * mistake that composition finds, each at the line of the file, or of the SDL, that it comes from.
 */
export const compose = (subgraphs: readonly ComposableSubgraph[]): Composition => {
  const mistakes: SchemaMistake[] = [];
  const readable = subgraphs.flatMap((subgraph) => {
    try {
      return [{ ...subgraph, sources: sourcesOf(subgraph), typeDefs: documentOf(subgraph) }];
    } catch (error) {
      mistakes.push(...mistakesOfReading(error));
      return [];
    }
  });
  const sources = subgraphs.flatMap(sourcesOf);
  mistakes.push(...mistakesInNames(subgraphs));
  if (mistakes.length > 0) throw new SchemaInvalidError(mistakes, sources);
  const result = composeServices(readable.map(({ name, url, typeDefs }) => ({ name, url, typeDefs })));
  if (result.errors !== undefined) {
    throw new SchemaInvalidError(
      result.errors.map((error) => mistakeOf(error, readable)),
      sources,
    );
  }
  const hints = result.hints.flatMap(({ definition, message }): readonly CompositionHint[] => {
    const level = definition.level.name;
    // Enums that only our directives use are in the supergraph without being used; nobody can do anything about it.
    if ((level !== 'WARN' && level !== 'INFO') || message.startsWith('Enum type "kafka__')) return [];
    return [{ code: definition.code, level, message }];
  });
  return { supergraphSdl: result.supergraphSdl, hints };
};

const sourcesOf = ({ name, sdl, sources }: ComposableSubgraph): readonly SchemaSource[] =>
  sources ?? [{ file: `subgraph ${name}`, text: sdl ?? '' }];

const documentOf = (subgraph: ComposableSubgraph): DocumentNode => {
  if (subgraph.sources !== undefined) return completeSdl(subgraph.sources).document;
  const [source] = sourcesOf(subgraph);
  return parse(new Source(source?.text ?? '', source?.file));
};

const mistakesOfReading = (error: unknown): readonly SchemaMistake[] => {
  if (error instanceof SchemaInvalidError) return error.mistakes;
  if (!(error instanceof GraphQLError)) throw error;
  const { line, column } = error.locations?.[0] ?? { line: 1, column: 1 };
  const file = error.source?.name ?? 'subgraph';
  return [{ message: error.message, cure: 'Correct the syntax at this place.', file, line, column }];
};

const mistakesInNames = (subgraphs: readonly ComposableSubgraph[]): readonly SchemaMistake[] => {
  const place = { line: 1, column: 1 };
  if (subgraphs.length === 0) {
    const message = 'There is no subgraph to compose.';
    return [{ message, cure: 'Name at least one in the configuration.', file: 'supergraph', ...place }];
  }
  return subgraphs
    .filter(({ name }, index) => subgraphs.findIndex((other) => other.name === name) < index)
    .map((subgraph) => ({
      message: `Two subgraphs have the name ${subgraph.name}.`,
      cure: 'Give each a name of its own.',
      file: sourcesOf(subgraph)[0]?.file ?? subgraph.name,
      ...place,
    }));
};
