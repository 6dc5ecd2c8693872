import type { ApolloServerOptionsWithGateway } from '@apollo/server';
import { type ExecutionResult, GraphQLError, type GraphQLSchema } from 'graphql';
import { type AfterPositions, readAfter } from '../execution/after.ts';
import { isData } from '../execution/data.ts';
import { requestError } from '../execution/errors.ts';
import type { Generation, OperationRequest } from './generation.ts';

type GatewayInterface = ApolloServerOptionsWithGateway<Record<string, unknown>>['gateway'];
type Executor = NonNullable<Awaited<ReturnType<GatewayInterface['load']>>['executor']>;
type RequestContext = Parameters<Executor>[0];
type SchemaCallback = Parameters<GatewayInterface['onSchemaLoadOrUpdate']>[0];

/** Puts generations behind @apollo/server 5, as its `gateway` option. */
export interface ApolloBridge extends GatewayInterface {
  /** Requests that begin from now on run in `generation`; those that run already end in theirs. */
  use(generation: Generation): void;
}

export interface ApolloBridgeOptions {
  readonly generation: Generation;
  /** Headers to forward to the subgraphs. Default: none. */
  readonly forwardHeaders?: (context: RequestContext) => Readonly<Record<string, string>>;
}

export function createApolloBridge(options: ApolloBridgeOptions): ApolloBridge {
  let current = options.generation;
  /** A request belongs to the generation whose schema it was validated against. */
  const bySchema = new WeakMap<GraphQLSchema, Generation>([[current.apiSchema, current]]);
  const callbacks = new Set<SchemaCallback>();
  const tell = (callback: SchemaCallback): void =>
    callback({ apiSchema: current.apiSchema, coreSupergraphSdl: current.supergraphSdl });

  return {
    onSchemaLoadOrUpdate(callback) {
      callbacks.add(callback);
      return () => callbacks.delete(callback);
    },
    async load() {
      for (const callback of callbacks) tell(callback);
      return {
        executor: (context) =>
          executeRequest(bySchema.get(context.schema) ?? current, {
            document: context.document,
            // Not that of the operation found: with a name that fits none, the only operation would run.
            operationName: context.request.operationName ?? null,
            variables: context.request.variables,
            extensions: context.request.extensions,
            headers: options.forwardHeaders?.(context),
          }),
      };
    },
    async stop() {
      callbacks.clear();
    },
    use(generation) {
      current = generation;
      bySchema.set(generation.apiSchema, generation);
      for (const callback of callbacks) tell(callback);
    },
  };
}

/** A request as GraphQL over HTTP has it, with its document read. */
export interface QueryRequest extends Omit<OperationRequest, 'after' | 'signal'> {
  readonly extensions: unknown;
}

/** Runs a query or mutation; extensions that have not the form that they should refuse it. */
export const executeRequest = (generation: Generation, request: QueryRequest): Promise<ExecutionResult> =>
  orRefused(request, (operation) => generation.execute(operation));

/** The same; where it can, as the body of the answer, each character a byte. */
export const executeRequestToText = (
  generation: Generation,
  request: QueryRequest,
): Promise<ExecutionResult | string> =>
  orRefused(request, (operation) => generation.executeToText(operation));

async function orRefused<T>(
  { extensions, ...operation }: QueryRequest,
  execute: (operation: OperationRequest) => Promise<T>,
): Promise<T | ExecutionResult> {
  try {
    return await execute({ ...operation, after: afterOf(extensions) });
  } catch (error) {
    if (error instanceof GraphQLError) return { errors: [error] };
    throw error;
  }
}

/** `extensions.tributary.after` of a request. Throws a GraphQLError when it has not the form that it should. */
export function afterOf(extensions: unknown): AfterPositions | null {
  const tributary = isData(extensions) ? extensions.tributary : undefined;
  const given = isData(tributary) ? tributary.after : undefined;
  if (given === undefined || given === null) return null;
  const after = readAfter(given);
  if (after !== null) return after;
  throw requestError(
    'extensions.tributary.after is not of the form {"<topic id>": [[partition, offset], …]}; send the position as a mutation answered it.',
    'BAD_REQUEST',
  );
}
