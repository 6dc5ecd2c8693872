import { randomUUID } from 'node:crypto';
import type { ExecutionResult, GraphQLError } from 'graphql';
import { TributaryError } from '../../schema/errors.ts';
import { requestIdHeader } from '../../schema/request-id.ts';
import { type AfterPositions, mergeAfter, readAfter } from './after.ts';
import { type Data, isData } from './data.ts';
import { type Failure, type Failures, failureOf, subgraphError } from './errors.ts';
import type { Fetcher, SubgraphRequest } from './fetcher.ts';
import type { FetchStep } from './plan.ts';
import { Scanned } from './text/scanner.ts';
import type { TypeRelations } from './types.ts';

/** Where faults go that clients are not told. */
export interface Log {
  warn(details: Readonly<Record<string, unknown>>, message: string): void;
}

/** Until when a run may ask. */
export interface Deadline {
  /** Milliseconds that it had, for messages. */
  readonly ms: number;
  /** By `performance.now()`. */
  readonly at: number;
}

/** What a fetch gave that was made for its text. */
export type Reply = Scanned | ExecutionResult;

/** One run of a plan, for one result or for several that are due together. */
export interface Run {
  readonly fetcher: Fetcher;
  /** What the plan fills, one object for each result. */
  readonly roots: readonly Data[];
  /** Errors of each result. */
  readonly errors: readonly GraphQLError[][];
  readonly failures: Failures;
  readonly types: TypeRelations;
  readonly log: Log | undefined;
  /** As the client sent them. */
  readonly variables: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>> | undefined;
  readonly signal: AbortSignal;
  /** For all fetches together; null leaves it to the fetcher, for each. */
  readonly deadline: Deadline | null;
  /** Representations of one `_entities` call; more are sent in several. */
  readonly maximumRepresentations: number;
  /** False when equal representations may still have different joins below them. */
  readonly deduplicate: boolean;
  /** What each fetch must have seen; grows by what a mutation's fetches have written. */
  after: AfterPositions | null;
  /** Where the fetches of this run wrote. */
  position: AfterPositions | null;
  /** Fetches that were made before it was seen that their text will not do; null where none was. */
  replies: Map<FetchStep, Promise<Reply>> | null;
}

export interface Answer {
  readonly data: Data | null;
  readonly errors: readonly unknown[];
}

/** Makes one fetch. A fetch that fails is a value; only the end of the whole run, by its signal, rejects. */
export async function ask(
  step: FetchStep,
  variables: Readonly<Record<string, unknown>>,
  run: Run,
): Promise<Answer | { readonly failure: Failure }> {
  try {
    const made = run.replies?.get(step);
    const result: unknown = await (made === undefined ? fetch(step, variables, run) : parsed(made));
    if (!isData(result))
      throw subgraphError('SUBGRAPH_FAILED', step.subgraph.name, 'gave no GraphQL answer.');
    notePosition(result.extensions, run);
    return {
      data: isData(result.data) ? result.data : null,
      errors: Array.isArray(result.errors) ? result.errors : [],
    };
  } catch (error) {
    if (run.signal.aborted && !(error instanceof TributaryError)) throw run.signal.reason;
    return { failure: failureOf(typed(error, step.subgraph.name, run), step.subgraph.name) };
  }
}

function fetch(step: FetchStep, variables: Readonly<Record<string, unknown>>, run: Run): Promise<unknown> {
  const request = requestOf(step, variables, run);
  const { deadline } = run;
  return deadline === null
    ? run.fetcher.fetch(step.subgraph, request, run.signal)
    : withDeadline(step, request, deadline, run);
}

async function parsed(made: Promise<Reply>): Promise<unknown> {
  const reply = await made;
  return reply instanceof Scanned ? JSON.parse(reply.bytes.toString()) : reply;
}

/** An error that nobody has typed may tell anything: the client gets an id, the log gets the error. */
function typed(error: unknown, subgraph: string, { log, headers }: Run): TributaryError {
  if (error instanceof TributaryError) return error;
  const id = randomUUID();
  const requestId = headers?.[requestIdHeader];
  log?.warn({ err: error, subgraph, id, requestId }, 'a fetch failed in an unexpected way');
  return new TributaryError(
    'SUBGRAPH_FAILED',
    `Subgraph "${subgraph}" could not be asked; see the log for ${id}.`,
    {
      cause: error,
      details: { subgraph, id },
    },
  );
}

/** The variables of the client that a fetch uses; those that were not given keep the default in the query. */
export function variablesOf(
  step: FetchStep,
  given: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const variables: Record<string, unknown> = {};
  for (const name of step.variables) {
    if (Object.hasOwn(given, name) && given[name] !== undefined) variables[name] = given[name];
  }
  return variables;
}

export function requestOf(
  step: FetchStep,
  variables: Readonly<Record<string, unknown>>,
  run: Run,
): SubgraphRequest {
  return {
    query: step.query,
    variables,
    shared: step.shared,
    ...(step.operationName === undefined ? {} : { operationName: step.operationName }),
    ...(run.after === null ? {} : { extensions: { tributary: { after: run.after } } }),
    ...(run.headers === undefined ? {} : { headers: run.headers }),
  };
}

/** The fetcher may ignore the signal, so the deadline does not wait for it. */
async function withDeadline(
  step: FetchStep,
  request: SubgraphRequest,
  deadline: Deadline,
  { fetcher, signal }: Run,
): Promise<unknown> {
  const controller = new AbortController();
  const { promise, reject } = Promise.withResolvers<never>();
  const end = (reason: unknown): void => {
    controller.abort(reason);
    reject(reason);
  };
  const onAbort = (): void => end(signal.reason);
  const late = (): void =>
    end(
      subgraphError(
        'SUBGRAPH_TIMEOUT',
        step.subgraph.name,
        `did not answer within the ${deadline.ms} ms that the joins of an event may take.`,
      ),
    );
  const timer = setTimeout(late, Math.max(0, deadline.at - performance.now()));
  signal.addEventListener('abort', onAbort);
  try {
    return await Promise.race([fetcher.fetch(step.subgraph, request, controller.signal), promise]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

/** What a mutation wrote, its later fetches must see: they carry its position (S24). */
function notePosition(extensions: unknown, run: Run): void {
  const tributary = isData(extensions) ? extensions.tributary : undefined;
  const position = isData(tributary) ? readAfter(tributary.position) : null;
  if (position === null) return;
  run.position = mergeAfter(run.position, position);
  run.after = mergeAfter(run.after, position);
}
