import type { Configuration, SubgraphConfiguration } from '../configuration/configuration.ts';
import { composeApart } from './compose-apart.ts';
import {
  type ConfiguredSupergraph,
  composedOf,
  type ReadSubgraph,
  readFolder,
  readRemote,
  readSupergraph,
  requireSubgraphs,
} from './configured.ts';
import { askForSdl, remoteSdl } from './remote-sdl.ts';

/**
 * The supergraph as it is at each look: of the file, or of the SDL that running subgraphs tell, and of folders whose
 * subgraphs do not run. What a subgraph told once holds while it is silent. Composes beside what is served, and only
 * what changed. A look rejects as `configuredSupergraph` does.
 */
export const supergraphLook = (
  configuration: Configuration,
  signal: AbortSignal,
): (() => Promise<ConfiguredSupergraph>) => {
  const { supergraph } = configuration.gateway;
  if (supergraph !== null) return async () => ({ sdl: readSupergraph(supergraph), hints: [], silent: [] });
  const subgraphs = new ToldSubgraphs(configuration.data, signal);
  let last: { readonly text: string; readonly composed: Promise<ConfiguredSupergraph> } | null = null;
  return async () => {
    requireSubgraphs(configuration);
    const reads = await Promise.all(configuration.subgraphs.map((subgraph) => subgraphs.read(subgraph)));
    const text = JSON.stringify(reads);
    if (last?.text !== text) {
      last = { text, composed: composedOf(reads, (known) => composeApart(known, signal)) };
    }
    return last.composed;
  };
};

/** What the subgraphs told last. */
class ToldSubgraphs {
  readonly #data: string;
  readonly #signal: AbortSignal;
  readonly #told = new Map<string, string>();

  constructor(data: string, signal: AbortSignal) {
    this.#data = data;
    this.#signal = signal;
  }

  async read(subgraph: SubgraphConfiguration): Promise<ReadSubgraph> {
    const { name, url } = subgraph;
    if (subgraph.kind === 'REMOTE') {
      const found = await remoteSdl(subgraph, this.#data, this.#signal);
      if (found.kind === 'ANSWERED') this.#told.set(name, found.sdl);
      const sdl = this.#told.get(name);
      return sdl === undefined ? readRemote(subgraph, found) : { composable: { name, url, sdl } };
    }
    // A folder may be ahead of the process that runs from it, and only what that serves can be asked for.
    const told = await askForSdl(url, this.#signal).catch(() => this.#told.get(name));
    if (told === undefined) return readFolder(subgraph);
    this.#told.set(name, told);
    return { composable: { name, url, sdl: told } };
  }
}
