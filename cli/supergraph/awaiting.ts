import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from 'pino';
import { SchemaInvalidError } from '../../schema/index.ts';
import type { Configuration } from '../configuration/configuration.ts';
import { type ConfiguredSupergraph, configuredSupergraph } from './configured.ts';

export interface AwaitOptions {
  readonly configuration: Configuration;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Milliseconds before the first retry, doubled up to `maximumMs`. Defaults 500 and 15,000. */
  readonly delayMs?: number;
  readonly maximumMs?: number;
}

/**
 * The supergraph as it is now, then again each time that a subgraph which was silent brings something new; ends when
 * none is silent any more. Each silent subgraph is named once in the log, not at every try. Ends early when `signal` aborts.
 */
export async function* supergraphs(options: AwaitOptions): AsyncGenerator<string> {
  const { configuration, log, signal, delayMs = 500, maximumMs = 15_000 } = options;
  const named = new Set<string>();
  let last: string | null = null;
  let mistakes: string | null = null;
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    const found = await composed(configuration, last !== null);
    if (found instanceof SchemaInvalidError) {
      if (found.message !== mistakes)
        log.error({ err: found }, 'the subgraphs do not compose; what did is served');
      mistakes = found.message;
    } else {
      const { sdl, silent } = found;
      if (sdl !== null && sdl !== last) {
        last = sdl;
        yield sdl;
      }
      if (silent.length === 0) return;
      tell(silent, named, log);
    }
    const ceiling = Math.min(maximumMs, delayMs * 2 ** Math.min(attempt, 20));
    await wait(ceiling * (0.75 + Math.random() * 0.5), undefined, { signal }).catch(() => undefined);
  }
}

/** A subgraph that comes with mistakes ends a start, where they are shown, but not what is served already. */
const composed = async (
  configuration: Configuration,
  isServing: boolean,
): Promise<ConfiguredSupergraph | SchemaInvalidError> => {
  try {
    return await configuredSupergraph(configuration);
  } catch (error) {
    if (isServing && error instanceof SchemaInvalidError) return error;
    throw error;
  }
};

const tell = (silent: ConfiguredSupergraph['silent'], named: Set<string>, log: Logger): void => {
  for (const { subgraph, why, cached } of silent) {
    if (named.has(subgraph.name)) continue;
    named.add(subgraph.name);
    const meanwhile = cached
      ? 'its last SDL is used'
      : 'its fields are missing from the graph until it answers; the others are served';
    log.warn(`subgraph ${subgraph.name} at ${subgraph.url} does not tell its SDL (${why}); ${meanwhile}`);
  }
};
