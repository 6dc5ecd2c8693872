import { readFileSync } from 'node:fs';
import {
  type ComposableSubgraph,
  type Composition,
  type CompositionHint,
  compose,
  describeSubgraph,
  SchemaInvalidError,
  type SchemaMistake,
  type SchemaSource,
} from '../../schema/index.ts';
import type { Configuration, LocalSubgraph, RemoteSubgraph } from '../configuration/configuration.ts';
import { CommandFailure, exitCodes } from '../exit.ts';
import { readSources } from '../subgraph-folder.ts';
import { type RemoteSdl, remoteSdl } from './remote-sdl.ts';

export interface ConfiguredSupergraph {
  /** Null while too few of the subgraphs are known. */
  readonly sdl: string | null;
  readonly hints: readonly CompositionHint[];
  /** Remote subgraphs that do not answer. With `cached`, the supergraph holds what they answered last. */
  readonly silent: readonly {
    readonly subgraph: RemoteSubgraph;
    readonly why: string;
    readonly cached: boolean;
  }[];
}

/**
 * The supergraph of the configuration: the file, or composed from the SDL of the subgraphs. Subgraphs with a folder
 * need not run. Throws SchemaInvalidError with the
 * mistakes of all subgraphs, CommandFailure when there is nothing to compose.
 */
export const configuredSupergraph = async (configuration: Configuration): Promise<ConfiguredSupergraph> => {
  const { supergraph } = configuration.gateway;
  if (supergraph !== null) return { sdl: readSupergraph(supergraph), hints: [], silent: [] };
  requireSubgraphs(configuration);
  const reads = await Promise.all(
    configuration.subgraphs.map(async (subgraph) =>
      subgraph.kind === 'LOCAL'
        ? readFolder(subgraph)
        : readRemote(subgraph, await remoteSdl(subgraph, configuration.data)),
    ),
  );
  return composedOf(reads, compose);
};

/** Throws CommandFailure when there is nothing to compose. */
export const requireSubgraphs = ({ subgraphs, file }: Configuration): void => {
  if (subgraphs.length > 0) return;
  throw new CommandFailure(
    exitCodes.wrongUse,
    `There is no subgraph to compose. Add one to ${file ?? 'tributary.yaml'}:\n` +
      '  subgraphs: { flights: { dir: subgraphs/flights, port: 4002 } }',
  );
};

/** Composes what is known. Throws SchemaInvalidError with the mistakes of all subgraphs. */
export const composedOf = async (
  reads: readonly ReadSubgraph[],
  composing: (known: readonly ComposableSubgraph[]) => Composition | Promise<Composition>,
): Promise<ConfiguredSupergraph> => {
  const mistakes = reads.flatMap(({ failure }) => failure ?? []);
  if (mistakes.length > 0) throw joined(mistakes);
  const known = reads.flatMap(({ composable }) => composable ?? []);
  const silent = reads.flatMap((entry) => entry.silent ?? []);
  const incomplete = silent.some(({ cached }) => !cached);
  if (known.length === 0) return { sdl: null, hints: [], silent };
  try {
    const { supergraphSdl, hints } = await composing(known);
    return { sdl: supergraphSdl, hints, silent };
  } catch (error) {
    // What is missing may be what the silent ones bring.
    if (incomplete && error instanceof SchemaInvalidError) return { sdl: null, hints: [], silent };
    throw error;
  }
};

/** One subgraph, read: what of it can be composed, or why nothing. */
export interface ReadSubgraph {
  readonly composable?: ComposableSubgraph;
  readonly silent?: ConfiguredSupergraph['silent'][number];
  readonly failure?: SchemaInvalidError;
}

/** By its folder; it need not run. */
export const readFolder = ({ name, url, directory }: LocalSubgraph): ReadSubgraph => {
  const sources = readSources(directory);
  try {
    // Composition reads federation alone; this reads what the SDL says of Kafka too.
    describeSubgraph(sources);
  } catch (error) {
    if (error instanceof SchemaInvalidError) return { failure: error };
    throw error;
  }
  return { composable: { name, url, sources } };
};

export const readRemote = (subgraph: RemoteSubgraph, found: RemoteSdl): ReadSubgraph => {
  const { name, url } = subgraph;
  if (found.kind === 'MISSING') return { silent: { subgraph, why: found.why, cached: false } };
  const composable = { name, url, sdl: found.sdl };
  return found.kind === 'CACHED'
    ? { composable, silent: { subgraph, why: found.why, cached: true } }
    : { composable };
};

/** One failure of all, so that every mistake of every subgraph is told at once. */
const joined = (failures: readonly SchemaInvalidError[]): SchemaInvalidError =>
  new SchemaInvalidError(
    failures.flatMap((failure): readonly SchemaMistake[] => failure.mistakes),
    failures.flatMap((failure): readonly SchemaSource[] => failure.sources),
  );

/** Throws CommandFailure when it cannot. */
export const readSupergraph = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandFailure(
      exitCodes.failed,
      `The supergraph ${file} cannot be read: ${(error as Error).message}. ` +
        'Make it with: tributary compose --out <file>, or take gateway.supergraph out of tributary.yaml.',
      { cause: error },
    );
  }
};
