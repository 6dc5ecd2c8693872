import { setImmediate } from 'node:timers';
import type { ExecutionResult } from 'graphql';
import { type AfterPositions, latestAfter, readAfter } from './after.ts';
import { isData } from './data.ts';
import { pathOf } from './errors.ts';
import type { Fetcher, Subgraph, SubgraphRequest } from './fetcher.ts';

/** One `_entities` call of one run. */
interface EntityCall {
  readonly subgraph: Subgraph;
  readonly request: SubgraphRequest;
  readonly representations: readonly unknown[];
  readonly signal: AbortSignal;
  readonly answered: PromiseWithResolvers<ExecutionResult>;
}

/**
 * A fetcher that asks once for what several runs ask in one turn of the loop: `_entities` calls that differ in nothing but
 * their representations become one, of at most `maximum`, equal ones once. A thousand operations, each with an event of its
 * own, cost one call then. Each run gets its own copy. Anything else goes through as it is.
 */
export function shareEntities(fetcher: Fetcher, maximum: number): Fetcher {
  let waiting = new Map<string, EntityCall[]>();
  const flush = (): void => {
    const groups = waiting;
    waiting = new Map();
    for (const calls of groups.values()) {
      for (const chunk of chunksOf(calls, maximum)) void askTogether(chunk, fetcher);
    }
  };
  return {
    fetch(subgraph, request, signal) {
      const { representations } = request.variables;
      const isShareable = request.shared === true && request.headers === undefined;
      if (!isShareable || !Array.isArray(representations)) return fetcher.fetch(subgraph, request, signal);
      if (waiting.size === 0) setImmediate(flush);
      const answered = Promise.withResolvers<ExecutionResult>();
      const call = { subgraph, request, representations, signal, answered };
      const key = keyOf(call);
      const group = waiting.get(key);
      if (group === undefined) waiting.set(key, [call]);
      else group.push(call);
      return answered.promise;
    },
  };
}

/**
 * Calls of the same key may be one. The topics that must have been seen belong to it: nobody waits for a topic that is not
 * its own.
 */
function keyOf({ subgraph, request }: EntityCall): string {
  const { representations: _, ...variables } = request.variables;
  const topics = Object.keys(afterOf(request) ?? {}).sort();
  return `${subgraph.url}\n${JSON.stringify([variables, topics])}\n${request.query}`;
}

function afterOf({ extensions }: SubgraphRequest): AfterPositions | null {
  const tributary = extensions?.tributary;
  return isData(tributary) ? readAfter(tributary.after) : null;
}

function chunksOf(calls: readonly EntityCall[], maximum: number): EntityCall[][] {
  const chunks: EntityCall[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const call of calls) {
    size += call.representations.length;
    const last = chunks.at(-1);
    if (last !== undefined && size <= maximum) {
      last.push(call);
    } else {
      chunks.push([call]);
      size = call.representations.length;
    }
  }
  return chunks;
}

/** Never rejects: each call learns what became of it. */
async function askTogether(calls: readonly EntityCall[], fetcher: Fetcher): Promise<void> {
  const [first] = calls;
  if (first === undefined) return;
  if (calls.length === 1) return askAlone(first, fetcher);
  const union = new Union(calls);
  const left = leftBy(calls);
  try {
    const after = latestAfter(calls.map(({ request }) => afterOf(request)));
    const request: SubgraphRequest = {
      ...first.request,
      variables: { ...first.request.variables, representations: union.representations },
      ...(after === null ? {} : { extensions: { tributary: { after } } }),
    };
    const answer = await fetcher.fetch(first.subgraph, request, left.signal);
    const entities = isData(answer) && isData(answer.data) ? answer.data._entities : undefined;
    if (Array.isArray(entities) && entities.length === union.representations.length) {
      calls.forEach((call, index) => {
        call.answered.resolve(union.answerOf(index, answer, entities));
      });
    } else {
      // One of them may have spoilt it for the others.
      for (const call of calls) void askAlone(call, fetcher);
    }
  } catch (error) {
    for (const call of calls) call.answered.reject(error);
  } finally {
    left.stop();
  }
}

async function askAlone(
  { subgraph, request, signal, answered }: EntityCall,
  fetcher: Fetcher,
): Promise<void> {
  try {
    answered.resolve(await fetcher.fetch(subgraph, request, signal));
  } catch (error) {
    answered.reject(error);
  }
}

/** Aborts when all who ask have given up. */
function leftBy(calls: readonly EntityCall[]): { readonly signal: AbortSignal; stop(): void } {
  const controller = new AbortController();
  let staying = calls.length;
  const leave = (): void => {
    staying -= 1;
    if (staying === 0) controller.abort(calls[0]?.signal.reason);
  };
  for (const { signal } of calls) {
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
  }
  return {
    signal: controller.signal,
    stop: () => {
      for (const { signal } of calls) signal.removeEventListener('abort', leave);
    },
  };
}

/** The representations of several calls, equal ones once, and who asked for which. */
class Union {
  readonly representations: unknown[] = [];
  /** For each call, the places of its representations. */
  readonly #places: readonly (readonly number[])[];
  /** Entities that somebody has taken: runs change what they get, so the next one needs a copy. */
  readonly #taken = new Set<number>();

  constructor(calls: readonly EntityCall[]) {
    const known = new Map<string, number>();
    this.#places = calls.map(({ representations }) =>
      representations.map((representation) => {
        const text = JSON.stringify(representation);
        const place = known.get(text) ?? this.representations.push(representation) - 1;
        known.set(text, place);
        return place;
      }),
    );
  }

  /** What the call of this number would have been answered alone. */
  answerOf(
    call: number,
    { errors, extensions }: ExecutionResult,
    entities: readonly unknown[],
  ): ExecutionResult {
    const places = this.#places[call] ?? [];
    const answer = {
      data: { _entities: places.map((place) => this.#take(place, entities[place])) },
      ...(Array.isArray(errors) ? { errors: errors.flatMap((error) => errorsFor(error, places)) } : {}),
      ...(extensions === undefined ? {} : { extensions }),
    };
    return answer as ExecutionResult;
  }

  #take(place: number, entity: unknown): unknown {
    if (this.#taken.has(place)) return structuredClone(entity);
    this.#taken.add(place);
    return entity;
  }
}

/** The error as each place sees it that it concerns; as it is where it concerns the call. */
function errorsFor(error: unknown, places: readonly number[]): readonly unknown[] {
  const [root, place, ...below] = pathOf(error) ?? [];
  if (root !== '_entities' || typeof place !== 'number') return [error];
  return places.flatMap((own, index) =>
    own === place && isData(error) ? [{ ...error, path: ['_entities', index, ...below] }] : [],
  );
}
