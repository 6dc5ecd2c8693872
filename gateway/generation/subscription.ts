import type { DocumentNode, ExecutionResult, GraphQLError } from 'graphql';
import { type AfterPositions, latestAfter } from '../execution/after.ts';
import { isData } from '../execution/data.ts';
import { Failures, pathOf, report, requestError, safeError } from '../execution/errors.ts';
import { executePlan } from '../execution/execute-plan.ts';
import { clientPath } from '../execution/fetch-root.ts';
import type { Fetcher, Subgraph } from '../execution/fetcher.ts';
import type { FetchStep } from '../execution/plan.ts';
import { resultOf } from '../execution/result.ts';
import { type Log, type Run, variablesOf } from '../execution/run.ts';
import type { ObjectShape } from '../execution/shape.ts';
import type { GenerationLimits } from './limits.ts';
import type { Operations } from './operations.ts';
import type { Overrides } from './overrides.ts';
import { passesThrough } from './pass-through.ts';
import type { LoadedSupergraph } from './supergraph.ts';
import { coerceVariables, refusalOf } from './variables.ts';
import type { Variant } from './variants.ts';

/** A subscription, planned once for all of its clients and events. */
export interface SubscriptionPlan {
  /** Where the events come from. */
  readonly subgraph: Subgraph;
  /** What goes upstream. */
  readonly document: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly operationName?: string;
  /** Of the root field, in the client's answer. */
  readonly responseKey: string;
  /** True when the upstream payload's `data` is the client's answer already: no joins, same shape, nothing hidden. */
  readonly passThrough: boolean;
  /**
   * Joins and shapes events that are due together: results in the order of the events, one `_entities` call a fetch for
   * all of them (S17), each fetch with the events' positions (S16). The results given are taken over and changed.
   * Never rejects for a failing join: its fields are null, with a typed error.
   */
  complete(events: readonly SubscriptionEvent[]): Promise<readonly ExecutionResult[]>;
}

export interface SubscriptionEvent {
  /** As it came from upstream. */
  readonly result: ExecutionResult;
  /** What joins of this event must have seen. */
  readonly after: AfterPositions | null;
}

export interface SubscriptionRequest {
  /** Valid by the API schema. */
  readonly document: DocumentNode;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>> | undefined;
}

/** Thrown for a subscription that cannot be planned; `errors` are for the client. */
export class SubscriptionRefused extends Error {
  readonly errors: readonly GraphQLError[];

  constructor(errors: readonly GraphQLError[]) {
    super(errors[0]?.message ?? 'The subscription cannot be planned.');
    this.name = 'SubscriptionRefused';
    this.errors = errors;
  }
}

/** What a generation works with. */
export interface GenerationContext {
  readonly supergraph: LoadedSupergraph;
  readonly operations: Operations;
  readonly fetcher: Fetcher;
  /** For the joins of events: what several operations ask at the same time is asked once. */
  readonly joinFetcher: Fetcher;
  readonly limits: GenerationLimits;
  /** The progressive overrides of one more request. */
  readonly overrides: () => Overrides;
  readonly log: Log | undefined;
}

export function planSubscription(request: SubscriptionRequest, context: GenerationContext): SubscriptionPlan {
  try {
    return plan(request, context);
  } catch (error) {
    throw new SubscriptionRefused(refusalOf(error, context.log));
  }
}

function plan(request: SubscriptionRequest, context: GenerationContext): SubscriptionPlan {
  const { supergraph } = context;
  const operation = context.operations.prepare(request.document, request.operationName);
  const variables = request.variables ?? {};
  const variant = operation.variantFor(
    coerceVariables(supergraph.apiSchema, operation, variables),
    context.overrides(),
  );
  const { primary, plan: joins, shape } = variant;
  const responseKey = shape.fields[0]?.key;
  if (primary === null || responseKey === undefined || shape.fields.length > 1) {
    throw requestError('The operation is no subscription of one field.', 'BAD_REQUEST');
  }
  const startRun = runStarter(variant, primary, variables, context);
  return {
    subgraph: primary.subgraph,
    document: primary.query,
    variables: variablesOf(primary, variables),
    ...(primary.operationName === undefined ? {} : { operationName: primary.operationName }),
    responseKey,
    passThrough: passesThrough(variant, primary, supergraph),
    complete: async (events) => {
      const run = startRun(events);
      if (joins !== null && run.roots.length > 0) await executePlan(joins, run);
      return events.map(({ result }, index) => completed(result, shape, run, index));
    },
  };
}

/** An upstream without data has nothing to shape; its errors are told. */
function completed(result: ExecutionResult, shape: ObjectShape, run: Run, index: number): ExecutionResult {
  const errors = run.errors[index] ?? [];
  const answer: ExecutionResult = isData(result.data)
    ? resultOf(shape, run, index)
    : { data: null, ...(errors.length === 0 ? {} : { errors }) };
  return result.extensions === undefined ? answer : { ...answer, extensions: result.extensions };
}

function runStarter(
  variant: Variant,
  primary: FetchStep,
  variables: Readonly<Record<string, unknown>>,
  { supergraph, joinFetcher, limits, log }: GenerationContext,
): (events: readonly SubscriptionEvent[]) => Run {
  const { signal } = new AbortController();
  return (events) => ({
    fetcher: joinFetcher,
    roots: events.map(({ result }) => rootOf(result, primary)),
    errors: events.map(({ result }) => upstreamErrors(result, primary)),
    failures: new Failures(),
    types: supergraph.types,
    log,
    variables,
    headers: undefined,
    signal,
    deadline: { ms: limits.joinDeadlineMs, at: performance.now() + limits.joinDeadlineMs },
    maximumRepresentations: limits.representations,
    deduplicate: variant.deduplicate,
    after: latestAfter(events.map(({ after }) => after)),
    position: null,
    replies: null,
  });
}

function rootOf({ data }: ExecutionResult, primary: FetchStep): Record<string, unknown> {
  if (!isData(data)) return {};
  primary.rewriteOutput?.(data);
  return data;
}

function upstreamErrors(result: ExecutionResult, primary: FetchStep): GraphQLError[] {
  const errors: GraphQLError[] = [];
  for (const error of result.errors ?? []) {
    report(errors, safeError(error, primary.subgraph.name), clientPath(primary, pathOf(error)));
  }
  return errors;
}
