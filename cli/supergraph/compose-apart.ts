import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { moduleExtension } from '../../local/form.ts';
import {
  type ComposableSubgraph,
  type Composition,
  SchemaInvalidError,
  type SchemaMistake,
  type SchemaSource,
} from '../../schema/index.ts';

/** What the worker answers. */
export type ComposedApart =
  | { readonly kind: 'COMPOSED'; readonly composition: Composition }
  | {
      readonly kind: 'INVALID';
      readonly mistakes: readonly SchemaMistake[];
      readonly sources: readonly SchemaSource[];
    };

const workerModule = new URL(`./compose-worker${moduleExtension}`, import.meta.url);

/** As `compose`, beside what is served. Rejects as it throws, and with an AbortError when `signal` aborts. */
export const composeApart = async (
  subgraphs: readonly ComposableSubgraph[],
  signal: AbortSignal,
): Promise<Composition> => {
  const worker = new Worker(workerModule, { workerData: subgraphs });
  try {
    const [answer] = (await once(worker, 'message', { signal })) as [ComposedApart];
    if (answer.kind === 'COMPOSED') return answer.composition;
    throw new SchemaInvalidError(answer.mistakes, answer.sources);
  } finally {
    await worker.terminate();
  }
};
