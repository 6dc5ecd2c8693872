import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from 'pino';
import { SchemaInvalidError } from '../../schema/index.ts';
import type { Configuration } from '../configuration/configuration.ts';
import { CommandFailure } from '../exit.ts';
import type { ConfiguredSupergraph } from './configured.ts';
import { supergraphLook } from './look.ts';

export interface WatchOptions {
  readonly configuration: Configuration;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Milliseconds before the first look after one that found a subgraph silent; doubled up to `gateway.pollMs`. Default 500. */
  readonly delayMs?: number;
}

/**
 * The supergraph as it is now, then again each time that it changed (gateway.pollMs). What cannot be read or composed ends
 * a start; later it is logged once, and what was there stays. Each silent subgraph is named once in the log. Ends when
 * `signal` aborts.
 */
export async function* supergraphs(options: WatchOptions): AsyncGenerator<string> {
  const { configuration, log, signal, delayMs = 500 } = options;
  const { pollMs } = configuration.gateway;
  const look = supergraphLook(configuration, signal);
  const named = new Set<string>();
  let last: string | null = null;
  let complaint: string | null = null;
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    let pauseMs = pollMs;
    const found = await look().catch((error: unknown) => failureOf(error, last !== null, signal));
    if (found === null) return;
    if (found instanceof Error) {
      if (found.message !== complaint)
        log.error({ err: found }, 'the supergraph cannot be made anew; what was there is served');
      complaint = found.message;
    } else {
      complaint = null;
      const { sdl, silent } = found;
      if (sdl !== null && sdl !== last) {
        last = sdl;
        yield sdl;
      }
      tell(silent, named, log);
      if (silent.length > 0) pauseMs = Math.min(pollMs, delayMs * 2 ** Math.min(attempt, 20));
    }
    await wait(pauseMs * (0.75 + Math.random() * 0.5), undefined, { signal }).catch(() => undefined);
  }
}

/** Null: it was told to end. Mistakes end a start, where they are shown, but not what is served already. */
const failureOf = (error: unknown, isServing: boolean, signal: AbortSignal): Error | null => {
  if (signal.aborted) return null;
  if (isServing && (error instanceof SchemaInvalidError || error instanceof CommandFailure)) return error;
  throw error;
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
