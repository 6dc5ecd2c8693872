/** Composes in a thread of its own: a graph of 500 types takes two seconds, for which nothing else would be served. */
import { parentPort, workerData } from 'node:worker_threads';
import { type ComposableSubgraph, compose, SchemaInvalidError } from '../../schema/index.ts';
import type { ComposedApart } from './compose-apart.ts';

const composed = (subgraphs: readonly ComposableSubgraph[]): ComposedApart => {
  try {
    return { kind: 'COMPOSED', composition: compose(subgraphs) };
  } catch (error) {
    if (!(error instanceof SchemaInvalidError)) throw error;
    // A thread hands over what an error holds, and not its class.
    return { kind: 'INVALID', mistakes: error.mistakes, sources: error.sources };
  }
};

parentPort?.postMessage(composed(workerData as readonly ComposableSubgraph[]));
