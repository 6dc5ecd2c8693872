import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';

export interface Part {
  readonly name: string;
  readonly url: string;
  readonly sdl: string;
}

/** Composes subgraphs by stock composition; throws its errors. */
export const supergraphOf = (parts: readonly Part[]): string => {
  const services = parts.map(({ name, url, sdl }) => ({ name, url, typeDefs: parse(sdl) }));
  const { supergraphSdl, errors } = composeServices(services);
  if (supergraphSdl === undefined) throw new Error(String(errors));
  return supergraphSdl;
};
