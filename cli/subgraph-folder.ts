import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { SchemaSource } from '../schema/index.ts';
import type { Resolvers } from '../subgraphs/kit/index.ts';
import { CommandFailure, exitCodes } from './exit.ts';

/** The `*.graphql` files of a subgraph's folder, by name. Throws CommandFailure when there are none. */
export const readSources = (directory: string): readonly SchemaSource[] => {
  const files = filesOf(directory).filter((name) => name.endsWith('.graphql'));
  if (files.length === 0) {
    throw new CommandFailure(
      exitCodes.wrongUse,
      `${directory} has no *.graphql file, so there is no subgraph. Give the folder that holds its SDL.`,
    );
  }
  return files.toSorted().map((name) => {
    const path = join(directory, name);
    return { file: relative(process.cwd(), path), text: readFileSync(path, 'utf8') };
  });
};

const filesOf = (directory: string): readonly string[] => {
  try {
    return readdirSync(directory);
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'ENOTDIR' ? 'is no folder' : 'cannot be read';
    throw new CommandFailure(
      exitCodes.wrongUse,
      `${directory} ${why}. Give the folder of a subgraph, such as subgraphs/flights.`,
      { cause: error },
    );
  }
};

/** What `resolvers.ts` or `resolvers.js` of the folder exports as `resolvers`; undefined without such a file. */
export const loadResolvers = async (directory: string): Promise<Resolvers | undefined> => {
  const file = ['resolvers.ts', 'resolvers.js'].map((name) => join(directory, name)).find(existsSync);
  if (file === undefined) return undefined;
  const module = await importResolvers(file);
  if (typeof module.resolvers === 'object' && module.resolvers !== null) return module.resolvers as Resolvers;
  throw new CommandFailure(
    exitCodes.failed,
    `${relative(process.cwd(), file)} exports no object "resolvers". Write: export const resolvers = { Query: { … } };`,
  );
};

const importResolvers = async (file: string): Promise<{ readonly resolvers?: unknown }> => {
  try {
    return (await import(pathToFileURL(file).href)) as { readonly resolvers?: unknown };
  } catch (error) {
    const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
    throw new CommandFailure(exitCodes.failed, `${relative(process.cwd(), file)} cannot be loaded: ${why}`, {
      cause: error,
    });
  }
};
