import type { DocumentNode, ExecutionResult, GraphQLSchema } from 'graphql';
import type { AfterPositions } from '../execution/after.ts';
import { Failures } from '../execution/errors.ts';
import { executePlan } from '../execution/execute-plan.ts';
import type { Fetcher, Subgraph } from '../execution/fetcher.ts';
import { neverAborted } from '../execution/in-flight.ts';
import { introspectInto } from '../execution/introspection.ts';
import { resultOf } from '../execution/result.ts';
import type { Log, Run } from '../execution/run.ts';
import { shareEntities } from '../execution/shared-entities.ts';
import { executeText } from '../execution/text/execute-text.ts';
import { defaultLimits, type GenerationLimits } from './limits.ts';
import { type OperationCounters, Operations, type PreparedOperation } from './operations.ts';
import { chooseOverrides, type DecideLabel } from './overrides.ts';
import {
  type GenerationContext,
  planSubscription,
  type SubscriptionPlan,
  type SubscriptionRequest,
} from './subscription.ts';
import { type LoadedSupergraph, loadSupergraph, loadSupergraphInSteps } from './supergraph.ts';
import { coerceVariables, refusalOf } from './variables.ts';
import type { Variant } from './variants.ts';

/** A supergraph with its planner and caches, immutable: a change of the schema makes another one. */
export interface Generation {
  /** SHA-256 of the SDL, in hex. */
  readonly id: string;
  readonly supergraphSdl: string;
  /** What clients see, and what their operations are to be validated against. */
  readonly apiSchema: GraphQLSchema;
  readonly subgraphs: ReadonlyMap<string, Subgraph>;
  /** Operations that are kept compiled. */
  readonly compiled: OperationCounters;
  /**
   * Queries and mutations. Resolves with `errors` alone when the request is refused (unknown operation, variables that
   * do not fit), with `data` and `errors` when fetches fail. Rejects only with the reason of the request's own signal.
   */
  execute(request: OperationRequest): Promise<ExecutionResult>;
  /**
   * The same; where it can, as the body of an answer without errors: the JSON `{"data":…}` and a line break, as the bytes of its
   * UTF-8, each a character (Latin-1).
   */
  executeToText(request: OperationRequest): Promise<ExecutionResult | string>;
  /** Throws a SubscriptionRefused that holds what to tell the client. */
  planSubscription(request: SubscriptionRequest): SubscriptionPlan;
}

export interface OperationRequest {
  /** Valid by the API schema. */
  readonly document: DocumentNode;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>> | undefined;
  /** Forwarded to every fetch (S24). */
  readonly after?: AfterPositions | null | undefined;
  /** Forwarded to every subgraph, as they are. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface GenerationOptions {
  readonly supergraphSdl: string;
  readonly fetcher: Fetcher;
  readonly limits?: Partial<GenerationLimits> | undefined;
  /** Whether a label of `@override(label:)` holds, for each request; `percent(n)` is drawn. Default: none holds. */
  readonly decideLabel?: DecideLabel | undefined;
  /** Takes what clients are not told; pino fits. */
  readonly log?: Log | undefined;
}

/** Reads a supergraph. Throws SCHEMA_INVALID when it is none. */
export function createGeneration(options: GenerationOptions): Generation {
  return generationOf(loadSupergraph(options.supergraphSdl, limitsOf(options)), options);
}

/** The same beside what is served, so that nobody waits for all of it at once. */
export async function createGenerationInSteps(options: GenerationOptions): Promise<Generation> {
  return generationOf(await loadSupergraphInSteps(options.supergraphSdl, limitsOf(options)), options);
}

const limitsOf = ({ limits }: GenerationOptions): GenerationLimits => ({ ...defaultLimits, ...limits });

function generationOf(supergraph: LoadedSupergraph, options: GenerationOptions): Generation {
  const limits = limitsOf(options);
  const context: GenerationContext = {
    supergraph,
    operations: new Operations(supergraph, limits),
    fetcher: options.fetcher,
    joinFetcher: shareEntities(options.fetcher, limits.representations),
    limits,
    overrides: () => chooseOverrides(supergraph.labels, options.decideLabel),
    log: options.log,
  };
  return {
    id: supergraph.id,
    supergraphSdl: options.supergraphSdl,
    apiSchema: supergraph.apiSchema,
    subgraphs: supergraph.subgraphs,
    get compiled() {
      return context.operations.counters;
    },
    execute: (request) => execute(request, context, executeOnValues),
    executeToText: (request) => execute(request, context, executeOnText),
    planSubscription: (request) => planSubscription(request, context),
  };
}

type Prepared = { readonly operation: PreparedOperation; readonly variant: Variant };
type Execute<T> = (prepared: Prepared, run: Run, context: GenerationContext) => Promise<T>;

async function execute<T>(
  request: OperationRequest,
  context: GenerationContext,
  executeVariant: Execute<T>,
): Promise<T | ExecutionResult> {
  const { supergraph, operations, fetcher, overrides, log } = context;
  const variables = request.variables ?? {};
  let operation: PreparedOperation;
  let variant: Variant;
  try {
    operation = operations.prepare(request.document, request.operationName);
    variant = operation.variantFor(coerceVariables(supergraph.apiSchema, operation, variables), overrides());
  } catch (error) {
    return { errors: refusalOf(error, log) };
  }
  const run: Run = {
    fetcher,
    roots: [{}],
    errors: [[]],
    failures: new Failures(),
    types: supergraph.types,
    log,
    variables,
    headers: request.headers,
    signal: request.signal ?? neverAborted,
    deadline: null,
    maximumRepresentations: Number.POSITIVE_INFINITY,
    deduplicate: variant.deduplicate,
    after: request.after ?? null,
    position: null,
    replies: null,
  };
  return executeVariant({ operation, variant }, run, context);
}

/** What cannot be put together from texts is put together from values, with the answers that came. */
const executeOnText: Execute<ExecutionResult | string> = async (prepared, run, context) => {
  const plan = prepared.variant.textPlan();
  const text = plan === null ? null : await executeText(plan, run);
  return text ?? executeOnValues(prepared, run, context);
};

const executeOnValues: Execute<ExecutionResult> = async ({ operation, variant }, run, { supergraph }) => {
  if (variant.plan !== null) await executePlan(variant.plan, run);
  const { definition, fragments } = operation;
  introspectInto(run.roots[0] ?? {}, variant.shape, {
    schema: supergraph.apiSchema,
    operation: definition,
    fragments,
    variables: run.variables,
  });
  const result = resultOf(variant.shape, run, 0);
  return run.position === null
    ? result
    : { ...result, extensions: { tributary: { position: run.position } } };
};
